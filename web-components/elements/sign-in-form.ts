import { Task } from '@lit/task';
import { css, html, LitElement, nothing } from 'lit';
import { session } from '../data/session.ts';
import { shared } from '../styles/shared.ts';
import { icon } from './icon.ts';
import './problem.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/input/input.js';

/**
 * The sign-in form: username and password, and single sign-on if the registry has a provider.
 *
 * @fires signed-in - The user has signed in.
 */
export class SignInForm extends LitElement {
  static override properties = {
    username: {},
    next: {},
    inPlace: { type: Boolean, attribute: 'in-place' },
    error: { state: true },
    busy: { state: true },
  };
  static override styles = [
    shared,
    css`
      form {
        display: grid;
        gap: var(--wa-space-m);
      }
      .or {
        display: flex;
        align-items: center;
        gap: var(--wa-space-s);
      }
      .or::before,
      .or::after {
        content: "";
        flex: 1;
        border-block-start: 1px solid var(--wa-color-surface-border);
      }
    `,
  ];

  /** The username, if known. */
  declare username: string;
  /** The page to return to from the single sign-on provider. */
  declare next: string;
  /**
   * Whether this window must keep its page. If the window must keep its page, single sign-on opens in another window.
   */
  declare inPlace: boolean;
  declare error: unknown;
  declare busy: boolean;

  readonly #signOn = new Task(this, {
    task: ([next]) => session.singleSignOn(next),
    args: () => [this.next] as const,
  });

  constructor() {
    super();
    this.username = '';
    this.next = location.origin;
    this.inPlace = false;
    this.busy = false;
  }

  override render() {
    return html`<form @submit=${this.#submit}>
      ${this.#bySignOn()}
      <registry-problem .error=${this.error}></registry-problem>
      <wa-input
        name="username"
        label="Username"
        autocomplete="username"
        autocapitalize="off"
        spellcheck="false"
        required
        .value=${this.username}
      ></wa-input>
      <wa-input
        name="password"
        type="password"
        label="Password"
        autocomplete="current-password"
        password-toggle
        required
      ></wa-input>
      <wa-button
        type="submit"
        variant="brand"
        appearance=${this.#signOn.value ? 'outlined' : 'accent'}
        ?loading=${this.busy}
        >Sign in</wa-button
      >
    </form>`;
  }

  /** Focuses the first empty input. */
  override async focus() {
    await this.updateComplete;
    const name = this.username ? 'password' : 'username';
    const input = this.renderRoot.querySelector<LitElement>(`[name=${name}]`);
    await input?.updateComplete;
    input?.focus();
  }

  /** Renders the single sign-on button once the provider is known. The password form is always shown. */
  #bySignOn() {
    const { value } = this.#signOn;
    if (!value) return nothing;
    return html`<wa-button
        variant="brand"
        href=${value.address}
        target=${this.inPlace ? '_blank' : nothing}
      >
        ${icon('shield', 'start')} Sign in with ${value.provider}
      </wa-button>
      <span class="or quiet small">or with a password</span>`;
  }

  async #submit(event: SubmitEvent) {
    event.preventDefault();
    if (this.busy) return;
    const data = new FormData(event.target as HTMLFormElement);
    this.busy = true;
    this.error = undefined;
    try {
      await session.signIn(String(data.get('username')), String(data.get('password')));
      this.dispatchEvent(new Event('signed-in'));
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = false;
    }
  }
}

customElements.define('sign-in-form', SignInForm);

declare global {
  interface HTMLElementTagNameMap {
    'sign-in-form': SignInForm;
  }
}
