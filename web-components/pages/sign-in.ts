import { css, html } from 'lit';
import { goTo } from '../app/go.ts';
import { Page } from '../app/page.ts';
import { session } from '../data/session.ts';
import { shared } from '../styles/shared.ts';
import '../elements/sign-in-form.ts';
import '@awesome.me/webawesome/dist/components/details/details.js';

/** `/sign-in?next=/somewhere`: goes on to `next`, a path of this registry, once somebody is signed in. */
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
    if (session.me && !session.isOver) this.#goOn();
  }

  override render() {
    return html`<div class="card">
        <h1 tabindex="-1">Sign in</h1>
        <sign-in-form .next=${this.#next} @signed-in=${this.#goOn}></sign-in-form>
      </div>
      <wa-details summary="The first time here?" appearance="plain">
        <p>
          The first start of the registry printed the administrator’s name and a one-time password in
          the terminal where it was started. On a registry that is in use, a site admin makes accounts.
        </p>
      </wa-details>`;
  }

  /** Nobody comes here for the heading. */
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

  #goOn() {
    goTo(this.#next, { replace: true });
  }
}

/** Nobody is sent to another site by a link to our sign-in. */
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
