import { css, html, LitElement, nothing } from 'lit';
import { shared } from '../styles/shared.ts';
import './problem.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/dialog/dialog.js';
import '@awesome.me/webawesome/dist/components/textarea/textarea.js';

export interface Question {
  title: string;
  /**
   * What the action will do, and whether the user can undo the action. The text may contain inputs, and `act` receives
   * their values.
   */
  text: unknown;
  /** The label of the button: the name of the action instead of “OK”. */
  action: string;
  danger?: boolean;
  /** Whether the dialog asks for a reason. */
  reason?: 'required' | 'optional';
  /**
   * Performs the action while the dialog stays open. If the action fails, the dialog shows the error, and the user can
   * try again.
   */
  act: (reason: string, fields: FormData) => Promise<unknown>;
}

/**
 * Asks for confirmation and performs the action. Resolves with true if the action was performed, and with false if the
 * user cancelled. The focus then returns to where it was before.
 */
export async function confirm(question: Question): Promise<boolean> {
  const dialog = new RegistryConfirm();
  dialog.question = question;
  document.body.append(dialog);
  return await dialog.decision;
}

export class RegistryConfirm extends LitElement {
  static override properties = {
    question: { attribute: false },
    error: { state: true },
    busy: { state: true },
  };
  static override styles = [
    shared,
    css`
      form,
      .text {
        display: grid;
        gap: var(--wa-space-m);
      }
    `,
  ];

  declare question: Question;
  declare error: unknown;
  declare busy: boolean;
  #done = false;
  readonly #decision = Promise.withResolvers<boolean>();

  get decision(): Promise<boolean> {
    return this.#decision.promise;
  }

  override render() {
    const { title, text, action, danger, reason } = this.question;
    return html`<wa-dialog label=${title} @wa-hide=${this.#stayIfBusy} @wa-after-hide=${this.#onClosed}>
      <form id="question" @submit=${this.#act}>
        <div class="text">${text}</div>
        ${
          reason
            ? html`<wa-textarea
                name="reason"
                label="Reason"
                rows="3"
                maxlength="1000"
                ?required=${reason === 'required'}
              ></wa-textarea>`
            : nothing
        }
        <registry-problem .error=${this.error}></registry-problem>
        <div class="row">
          <wa-button
            type="submit"
            variant=${danger ? 'danger' : 'brand'}
            ?loading=${this.busy}
            >${action}</wa-button
          >
          <wa-button appearance="plain" data-dialog="close">Cancel</wa-button>
        </div>
      </form>
    </wa-dialog>`;
  }

  /** Opens the dialog after its first rendering, because it honours `autofocus` only then. */
  protected override async firstUpdated() {
    const dialog = this.renderRoot.querySelector('wa-dialog');
    if (!dialog) return;
    await dialog.updateComplete;
    dialog.querySelector('[name]')?.setAttribute('autofocus', '');
    dialog.open = true;
  }

  async #act(event: SubmitEvent) {
    event.preventDefault();
    // If the user presses Enter twice, perform the action once.
    if (this.busy) return;
    const fields = new FormData(event.target as HTMLFormElement);
    this.busy = true;
    this.error = undefined;
    try {
      await this.question.act(String(fields.get('reason') ?? ''), fields);
      this.#done = true;
      this.busy = false;
      const dialog = this.renderRoot.querySelector('wa-dialog');
      if (dialog) dialog.open = false;
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = false;
    }
  }

  /** Keeps the dialog open until a running action has finished, because closing it would not cancel the action. */
  #stayIfBusy(event: Event) {
    if (event.target === event.currentTarget && this.busy) event.preventDefault();
  }

  #onClosed(event: Event) {
    if (event.target !== event.currentTarget) return;
    this.remove();
    this.#decision.resolve(this.#done);
  }
}

customElements.define('registry-confirm', RegistryConfirm);

declare global {
  interface HTMLElementTagNameMap {
    'registry-confirm': RegistryConfirm;
  }
}
