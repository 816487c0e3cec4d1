import '@awesome.me/webawesome/dist/components/button/button.js';
import { css, html, LitElement, nothing } from 'lit';
import type { MergeRequestPage } from '../../../registry/schemas/review.ts';
import { shared } from '../../styles/shared.ts';
import { confirm } from '../confirm.ts';
import { icon } from '../icon.ts';

/** The actions of the box. If an action throws, the dialog shows the error. */
export interface MergeActions {
  merge: (override?: string) => Promise<unknown>;
  rebase: () => Promise<unknown>;
}

/** The state of a merge request: whether it can land, what is missing, and the buttons to merge and rebase it. */
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
  /** Whether the user may merge the merge request. */
  declare mayDecide: boolean;
  /** Whether the user may rebase the merge request. */
  declare mayWrite: boolean;

  override render() {
    const { state, can_merge, blockers, approvals, owners } = this.mergeRequest;
    if (state !== 'open') return this.#outcome();
    return html`<h2>${can_merge ? 'Ready to merge' : 'Not ready to merge'}</h2>
      <p class="quiet small">
        ${approvals.given} of ${approvals.required} required
        approval${approvals.required === 1 ? '' : 's'}
      </p>
      ${
        blockers.length > 0
          ? html`<ul aria-label="Missing requirements">
          ${blockers.map((blocker) => html`<li>${icon('alert')}<span>${blocker}</span></li>`)}
        </ul>`
          : nothing
      }
      ${
        owners.length > 0
          ? html`<h3 class="small">Owners</h3>
              <ul aria-label="Owners of this change">
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
      ${this.mayDecide ? nothing : html`<p class="quiet small">A lab admin can merge this merge request.</p>`}`;
  }

  #landing(canMerge: boolean) {
    return canMerge
      ? html`<wa-button variant="success" @click=${this.#merge}>${icon('merge', 'start')} Merge</wa-button>`
      : html`<wa-button variant="danger" appearance="outlined" size="s" @click=${this.#override}>Merge anyway…</wa-button>`;
  }

  #outcome() {
    const { state, definition, merged_version, merged_by, closed_by } = this.mergeRequest;
    if (state === 'closed') {
      return html`<h2>Closed</h2>
        <p class="quiet">${closed_by ? `Closed by ${closed_by.username}. ` : ''}You can reopen the merge request as long as its branch exists.</p>`;
    }
    const name = encodeURIComponent(definition.name);
    return html`<h2>Merged</h2>
      <p>
        Landed as
        <a href="/definitions/${name}?version=${merged_version}">version ${merged_version}</a> of
        ${definition.name}${merged_by ? ` by ${merged_by.username}` : ''}.
      </p>`;
  }

  async #merge() {
    const { definition } = this.mergeRequest;
    await confirm({
      title: `Merge into ${definition.name}`,
      text: 'The merge request lands as one commit and becomes the next version. Lab computers get this version at their next sync.',
      action: 'Merge',
      act: () => this.actions.merge(),
    });
  }

  async #override() {
    await confirm({
      title: 'Merge despite the policy',
      text: 'Your reason stays in the record of the version permanently. You cannot override a draft, a conflict, an invalid definition or a banned import.',
      action: 'Merge anyway',
      danger: true,
      reason: 'required',
      act: (reason) => this.actions.merge(reason),
    });
  }

  async #rebase() {
    await confirm({
      title: 'Rebase onto the newest version',
      text: 'The rebase puts the commits on top of the newest version. Approvals stay valid if the changed files stay the same. You can still approve the merge request.',
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
