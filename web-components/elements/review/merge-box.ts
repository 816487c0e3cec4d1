import '@awesome.me/webawesome/dist/components/button/button.js';
import { css, html, LitElement, nothing } from 'lit';
import type { MergeRequestPage } from '../../../registry/schemas/review.ts';
import { shared } from '../../styles/shared.ts';
import { confirm } from '../confirm.ts';
import { icon } from '../icon.ts';

/** What can be done; what throws is shown where it was asked for. */
export interface MergeActions {
  merge: (override?: string) => Promise<unknown>;
  rebase: () => Promise<unknown>;
}

/** Whether it can land, everything that it still lacks, and the button that lands it. */
export class RegistryMergeBox extends LitElement {
  static override properties = {
    mergeRequest: { attribute: false },
    actions: { attribute: false },
    mayDecide: { type: Boolean },
    mayWrite: { type: Boolean },
  };
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: var(--wa-space-s);
        padding: var(--wa-space-m);
      }
      li {
        display: flex;
        gap: var(--wa-space-xs);
        margin-block: var(--wa-space-2xs);
        overflow-wrap: anywhere;
      }
      li .icon {
        margin-block-start: 0.2em;
        color: var(--wa-color-warning-on-quiet);
      }
    `,
  ];

  declare mergeRequest: MergeRequestPage;
  declare actions: MergeActions;
  /** Whether this person may land it. */
  declare mayDecide: boolean;
  /** Whether this person may rebase it. */
  declare mayWrite: boolean;

  override render() {
    const { state, can_merge, blockers, approvals, owners } = this.mergeRequest;
    if (state !== 'open') return this.#decided();
    return html`<h2>${can_merge ? 'Ready to merge' : 'Not ready to merge'}</h2>
      <p class="quiet small">
        ${approvals.given} of ${approvals.required} required
        approval${approvals.required === 1 ? '' : 's'}
      </p>
      ${
        blockers.length > 0
          ? html`<ul aria-label="What is missing">
          ${blockers.map((blocker) => html`<li>${icon('alert')}<span>${blocker}</span></li>`)}
        </ul>`
          : nothing
      }
      ${
        owners.length > 0
          ? html`<h3 class="small">Owners</h3>
              <ul aria-label="Owners of what it touches">
                ${owners.map(
                  ({ rule, why, users, approved }) => html`<li>
                    ${icon(approved ? 'check' : 'people')}
                    <span>${rule}: ${users.map(({ username }) => username).join(' or ')}<br /><span class="quiet small">${why}</span></span>
                  </li>`,
                )}
              </ul>`
          : nothing
      }
      <div class="row">
        ${this.mayDecide ? this.#landing(can_merge) : nothing}
        ${this.mayWrite ? html`<wa-button size="s" appearance="outlined" @click=${this.#rebase}>${icon('sync', 'start')} Rebase</wa-button>` : nothing}
      </div>
      ${this.mayDecide ? nothing : html`<p class="quiet small">An admin of the lab merges it.</p>`}`;
  }

  #landing(canMerge: boolean) {
    return canMerge
      ? html`<wa-button variant="success" @click=${this.#merge}>${icon('merge', 'start')} Merge</wa-button>`
      : html`<wa-button variant="danger" appearance="outlined" size="s" @click=${this.#override}>Merge all the same…</wa-button>`;
  }

  #decided() {
    const { state, definition, merged_version, merged_by, closed_by } = this.mergeRequest;
    if (state === 'closed') {
      return html`<h2>Closed</h2>
        <p class="quiet">${closed_by ? `By ${closed_by.username}. ` : ''}It can be reopened as long as its branch is there.</p>`;
    }
    const name = encodeURIComponent(definition.name);
    return html`<h2>Merged</h2>
      <p>
        It is
        <a href="/definitions/${name}?version=${merged_version}">version ${merged_version}</a> of
        ${definition.name}${merged_by ? `, landed by ${merged_by.username}` : ''}.
      </p>`;
  }

  async #merge() {
    const { definition } = this.mergeRequest;
    await confirm({
      title: `Merge into ${definition.name}`,
      text: 'It lands as one commit and becomes the next version. Lab computers get it at their next sync.',
      action: 'Merge',
      act: () => this.actions.merge(),
    });
  }

  async #override() {
    await confirm({
      title: 'Merge although something is missing',
      text: html`The reason is kept in the record of the version, for ever. A draft, a conflict, an invalid definition or a banned import cannot be set aside.`,
      action: 'Merge all the same',
      danger: true,
      reason: 'required',
      act: (reason) => this.actions.merge(reason),
    });
  }

  async #rebase() {
    await confirm({
      title: 'Rebase onto the newest version',
      text: 'Its commits are put on top of the newest version. Approvals hold where the changed files stay the same, and you may still approve.',
      action: 'Rebase',
      act: () => this.actions.rebase(),
    });
  }
}

customElements.define('registry-merge-box', RegistryMergeBox);

declare global {
  interface HTMLElementTagNameMap {
    'registry-merge-box': RegistryMergeBox;
  }
}
