import '@awesome.me/webawesome/dist/components/button/button.js';
import { css, html, LitElement, nothing } from 'lit';
import {
  closeMergeRequest,
  editMergeRequest,
  type MergeRequestPage,
  reopenMergeRequest,
} from '../../data/merge-requests.ts';
import { confirm } from '../../elements/confirm.ts';
import { icon } from '../../elements/icon.ts';
import { shared } from '../../styles/shared.ts';

/**
 * The buttons to edit, close and reopen a merge request and to mark it as draft or ready.
 *
 * @fires edit - The user wants to edit the title and description.
 */
export class MergeRequestActions extends LitElement {
  static override properties = {
    mergeRequest: { attribute: false },
    show: { attribute: false },
  };
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        gap: var(--wa-space-xs);
      }
    `,
  ];

  declare mergeRequest: MergeRequestPage;
  /** Shows the merge request again after a change. */
  declare show: (changed: MergeRequestPage) => void;

  override render() {
    const { id, state, draft } = this.mergeRequest;
    const ready = draft ? 'Mark as ready' : 'Mark as draft';
    return html`${this.#button(html`${icon('pencil', 'start')} Edit`, () => this.dispatchEvent(new Event('edit')))}
      ${
        state === 'open'
          ? html`${this.#button(ready, () => this.#ask(ready, ready, () => editMergeRequest(id, { draft: !draft })))}
            ${this.#button('Close', () => this.#ask('Close this merge request', 'Close merge request', () => closeMergeRequest(id)))}`
          : nothing
      }
      ${
        state === 'closed'
          ? this.#button('Reopen', () =>
              this.#ask('Reopen this merge request', 'Reopen merge request', () =>
                reopenMergeRequest(id),
              ),
            )
          : nothing
      }`;
  }

  #button(label: unknown, act: () => unknown) {
    return html`<wa-button size="s" appearance="outlined" @click=${act}>${label}</wa-button>`;
  }

  async #ask(title: string, action: string, change: () => Promise<MergeRequestPage>) {
    const act = async () => this.show(await change());
    await confirm({ title, text: 'You can undo this.', action, act });
  }
}

customElements.define('merge-request-actions', MergeRequestActions);

declare global {
  interface HTMLElementTagNameMap {
    'merge-request-actions': MergeRequestActions;
  }
}
