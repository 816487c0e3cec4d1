import { css, html, LitElement } from 'lit';
import { session } from '../data/session.ts';
import { shared } from '../styles/shared.ts';
import '../elements/sign-in-form.ts';
import '@awesome.me/webawesome/dist/components/dialog/dialog.js';

/**
 * Lets the user sign in again without leaving the page. Typed text stays, and waiting requests continue after the
 * sign-in.
 *
 * @fires closed - The user signed in or closed the dialog.
 */
export class SessionEndedDialog extends LitElement {
  static override styles = [
    shared,
    css`
      p {
        margin-block-end: var(--wa-space-m);
      }
    `,
  ];

  override connectedCallback() {
    super.connectedCallback();
    document.addEventListener('visibilitychange', this.#checkAgain);
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.#checkAgain);
  }

  override render() {
    return html`<wa-dialog label="Your session has ended" @wa-after-hide=${this.#onClosed}>
      <p>Sign in again to continue. Nothing that you typed is lost.</p>
      <sign-in-form
        .username=${session.me?.user.username ?? ''}
        in-place
        autofocus
        @signed-in=${this.#hide}
      ></sign-in-form>
    </wa-dialog>`;
  }

  /** Opens the dialog after its first rendering, because it honours `autofocus` only then. */
  protected override async firstUpdated() {
    const dialog = this.renderRoot.querySelector('wa-dialog');
    await dialog?.updateComplete;
    if (dialog) dialog.open = true;
  }

  /** Checks whether the user has signed in with single sign-on in another window. */
  readonly #checkAgain = async () => {
    if (document.hidden) return;
    await session.checkAgain();
    if (!session.isRenewing) this.#hide();
  };

  #hide() {
    const dialog = this.renderRoot.querySelector('wa-dialog');
    if (dialog) dialog.open = false;
  }

  #onClosed(event: Event) {
    if (event.target !== event.currentTarget) return;
    // A sign-in ends the wait for a renewed session. If a request still waits, the user closed the dialog without
    // signing in.
    if (session.isRenewing) session.decline();
    this.dispatchEvent(new Event('closed'));
  }
}

customElements.define('session-ended-dialog', SessionEndedDialog);

declare global {
  interface HTMLElementTagNameMap {
    'session-ended-dialog': SessionEndedDialog;
  }
}
