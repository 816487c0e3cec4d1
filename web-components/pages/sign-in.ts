import { css, html } from 'lit';
import { goTo } from '../app/go.ts';
import { Page } from '../app/page.ts';
import { session } from '../data/session.ts';
import { shared } from '../styles/shared.ts';
import '../elements/sign-in-form.ts';
import '@awesome.me/webawesome/dist/components/details/details.js';

/** `/sign-in?next=/somewhere`: signs the user in and then goes to `next`, a path of this registry. */
export class SignInPage extends Page {
  static override properties = { query: { attribute: false } };
  static override styles = [
    shared,
    css`
      :host {
        max-inline-size: 24rem;
        margin: 6vh auto 0;
      }
      .card {
        display: grid;
        gap: var(--wa-space-l);
        padding: var(--wa-space-xl);
      }
      wa-details {
        margin-block-start: var(--wa-space-m);
      }
    `,
  ];
  declare query: URLSearchParams;

  override connectedCallback() {
    super.connectedCallback();
    if (session.me && !session.isOver) this.#goToNext();
  }

  override render() {
    return html`<div class="card">
        <h1 tabindex="-1">Sign in</h1>
        <sign-in-form .next=${this.#next} @signed-in=${this.#goToNext}></sign-in-form>
      </div>
      <wa-details summary="First time here?" appearance="plain">
        <p>
          On its first start, the registry printed the username and a temporary password of the administrator in the
          terminal. On a registry that is already in use, ask a site admin for an account.
        </p>
      </wa-details>`;
  }

  /** Focuses the form instead of the heading. */
  override async focusHeading() {
    await this.updateComplete;
    await this.renderRoot.querySelector('sign-in-form')?.focus();
  }

  protected override firstUpdated() {
    void this.focusHeading();
  }

  get #next(): string {
    return ownAddress(this.query.get('next'));
  }

  #goToNext() {
    goTo(this.#next, { replace: true });
  }
}

/**
 * The address to open after the sign-in. An address on another site is replaced, because an attacker may have written
 * the link to this page.
 */
function ownAddress(next: string | null): string {
  const address = URL.parse(next ?? '/', location.origin);
  return address?.origin === location.origin ? address.href : location.origin;
}

customElements.define('sign-in-page', SignInPage);

declare global {
  interface HTMLElementTagNameMap {
    'sign-in-page': SignInPage;
  }
}
