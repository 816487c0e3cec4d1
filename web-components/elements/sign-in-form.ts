import { css, html, LitElement } from 'lit';
import { session } from '../data/session.ts';
import { shared } from '../styles/shared.ts';
import './problem.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/input/input.js';

/**
 * Name and password.
 *
 * @fires signed-in - The session has begun.
 */
export class SignInForm extends LitElement {
  static override properties = {
    username: {},
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
    `,
  ];

  /** Who it is already known to be. */
  declare username: string;
  declare error: unknown;
  declare busy: boolean;

  constructor() {
    super();
    this.username = '';
    this.busy = false;
  }

  override render() {
    return html`<form @submit=${this.#submit}>
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
      <wa-button type="submit" variant="brand" ?loading=${this.busy}>Sign in</wa-button>
    </form>`;
  }

  async #submit(event: SubmitEvent) {
    event.preventDefault();
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
