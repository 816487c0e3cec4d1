import { css, html, LitElement, nothing } from 'lit';
import { stream } from '../data/events.ts';
import { SessionController, session } from '../data/session.ts';
import { icon } from '../elements/icon.ts';
import { shared } from '../styles/shared.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';

/**
 * A notice that the page may be out of date: the browser is offline, the session has ended, or live updates are
 * interrupted. The notice covers the bottom of the window, so that it is visible at every scroll position and moves
 * nothing when it appears.
 */
export class AppNotice extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        position: fixed;
        inset: auto auto var(--wa-space-m) var(--wa-space-m);
        z-index: 2;
        max-inline-size: calc(100vw - 2 * var(--wa-space-m));
      }
      p {
        display: flex;
        align-items: center;
        gap: var(--wa-space-xs);
        padding: var(--wa-space-2xs) var(--wa-space-m);
        border: 1px solid var(--wa-color-warning-border-normal);
        border-radius: var(--wa-border-radius-m);
        background: var(--wa-color-warning-fill-quiet);
        box-shadow: var(--wa-shadow-l);
        color: var(--wa-color-warning-on-quiet);
      }
      wa-button {
        flex: none;
      }
    `,
  ];
  readonly #session = new SessionController(this);

  constructor() {
    super();
    // Screen readers announce only changes to a status element that already exists.
    this.role = 'status';
  }

  override connectedCallback() {
    super.connectedCallback();
    addEventListener('online', this.#onChange);
    addEventListener('offline', this.#onChange);
    stream.addEventListener('change', this.#onChange);
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    removeEventListener('online', this.#onChange);
    removeEventListener('offline', this.#onChange);
    stream.removeEventListener('change', this.#onChange);
  }

  override render() {
    if (!navigator.onLine) {
      return html`<p>
        ${icon('offline')}<span>You are offline. This page may be out of date, and you cannot save changes.</span>
      </p>`;
    }
    if (this.#session.me && session.isOver) {
      return html`<p>
        ${icon('lock')}<span>Your session has ended. This page may be out of date, and you cannot save changes.</span>
        <wa-button size="s" appearance="outlined" @click=${() => session.offerAgain()}>Sign in again</wa-button>
      </p>`;
    }
    if (stream.isLost) {
      return html`<p>
        ${icon('offline')}<span>Live updates are interrupted. This page may be out of date. The page reconnects automatically.</span>
      </p>`;
    }
    return nothing;
  }

  readonly #onChange = () => this.requestUpdate();
}

customElements.define('app-notice', AppNotice);
