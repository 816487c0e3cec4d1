import { css, html, LitElement } from 'lit';
import { session } from '../data/session.ts';
import { shared } from '../styles/shared.ts';
import '../elements/sign-in-form.ts';
import '@awesome.me/webawesome/dist/components/dialog/dialog.js';

/**
 * Lets somebody sign in again where they are: what they typed stays, and what waits for the session goes on.
 *
 * @fires closed - They signed in, or would rather not.
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
    document.addEventListener('visibilitychange', this.#lookAgain);
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.#lookAgain);
  }

  override render() {
    return html`<wa-dialog label="Your session has ended" @wa-after-hide=${this.#closed}>
      <p>Sign in again to go on where you are. Nothing that you typed is lost.</p>
      <sign-in-form
        .username=${session.me?.user.username ?? ''}
        in-place
        autofocus
        @signed-in=${this.#hide}
      ></sign-in-form>
    </wa-dialog>`;
  }

  /** The dialog focuses what asks for it when it opens, not where it is open from the beginning. */
  protected override async firstUpdated() {
    const dialog = this.renderRoot.querySelector('wa-dialog');
    await dialog?.updateComplete;
    if (dialog) dialog.open = true;
  }

  /** They may have signed in in another window, by single sign-on. */
  readonly #lookAgain = async () => {
    if (document.hidden) return;
    await session.lookAgain();
    if (!session.isRenewing) this.#hide();
  };

  #hide() {
    const dialog = this.renderRoot.querySelector('wa-dialog');
    if (dialog) dialog.open = false;
  }

  #closed(event: Event) {
    if (event.target !== event.currentTarget) return;
    // Signing in has settled this already; whoever closes the dialog without would rather not.
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
