import { css, html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { MergeRequestPage, Review } from '../../../registry/schemas/review.ts';
import { shared } from '../../styles/shared.ts';
import type { Place } from '../diff/place.ts';
import './composer.ts';
import type { ComposerAction } from './composer.ts';
import { reviewEntry } from './summary.ts';
import './thread.ts';
import { draftKeyOf, idOf, placeOf, type Thread } from './threads.ts';

/** The actions of the discussion. If an action throws, the composer shows the error and keeps the text. */
export interface DiscussionActions {
  comment: (body: string) => Promise<unknown>;
  review: (verdict: Review['verdict'], body: string) => Promise<unknown>;
  reply: (to: number, body: string) => Promise<unknown>;
}

/**
 * Reviews and comments on the merge request as a whole, oldest first, and a field to write a comment. Threads on lines
 * that no longer exist are shown in the discussion too.
 *
 * @fires settled - The user sent or cancelled the displaced comment.
 */
export class RegistryDiscussion extends LitElement {
  static override properties = {
    mergeRequest: { attribute: false },
    threads: { attribute: false },
    displaced: { attribute: false },
    actions: { attribute: false },
    mayWrite: { type: Boolean },
    mayDecide: { type: Boolean },
  };
  static override styles = [
    shared,
    css`
      :host,
      ol,
      li {
        display: grid;
        gap: var(--wa-space-s);
        min-inline-size: 0;
      }
      li {
        gap: var(--wa-space-3xs);
        overflow-wrap: anywhere;
      }
      .text {
        white-space: pre-wrap;
      }
    `,
  ];

  declare mergeRequest: MergeRequestPage;
  declare threads: readonly Thread[];
  /** The line of an unsent comment on a diff that was replaced by a newer one. */
  declare displaced: Place | undefined;
  declare actions: DiscussionActions;
  /** Whether the user may comment. */
  declare mayWrite: boolean;
  /** Whether the user may approve and request changes. */
  declare mayDecide: boolean;

  override render() {
    const entries = [
      ...this.mergeRequest.reviews.map((entry) => ({
        key: `review ${entry.id}`,
        at: entry.created_at,
        show: () => reviewEntry(entry),
      })),
      ...this.threads
        .filter((thread) => placeOf(thread) === undefined)
        .map((thread) => ({
          key: `thread ${idOf(thread)}`,
          at: thread[0].created_at,
          show: () => this.#thread(thread),
        })),
    ].sort((a, b) => a.at.localeCompare(b.at));
    return html`<ol>
        ${repeat(
          entries,
          ({ key }) => key,
          ({ show }) => html`<li>${show()}</li>`,
        )}
      </ol>
      ${this.displaced ? this.#displacedComment(this.displaced) : nothing}
      ${
        this.mayWrite
          ? html`<registry-composer
              label="Write a comment"
              .draftKey=${draftKeyOf(this.mergeRequest.id)}
              .actions=${this.#verdicts()}
            ></registry-composer>`
          : nothing
      }`;
  }

  #thread(thread: Thread) {
    const reply = (body: string) => this.actions.reply(idOf(thread), body);
    return html`<registry-thread
      class="card"
      tabindex="-1"
      .thread=${thread}
      .reply=${this.mayWrite ? reply : undefined}
    ></registry-thread>`;
  }

  #verdicts(): ComposerAction[] {
    const { comment, review } = this.actions;
    const talk: ComposerAction = { label: 'Comment', needsText: true, act: comment };
    if (!this.mayDecide || this.mergeRequest.state !== 'open') return [talk];
    return [
      { label: 'Approve', variant: 'success', act: (body) => review('approve', body) },
      {
        label: 'Request changes',
        variant: 'warning',
        needsText: true,
        act: (body) => review('request_changes', body),
      },
      talk,
    ];
  }

  /** The field for an unsent comment on a replaced diff. The comment names the line on which the user wrote it. */
  #displacedComment(place: Place) {
    const { path, line } = place;
    const settle = () => this.dispatchEvent(new Event('settled'));
    const act = (body: string) =>
      this.actions.comment(`${path}, line ${line} (before the last push): ${body}`);
    return html`<registry-composer
      label=${`Your unsent comment on line ${line} of ${path}, before the push`}
      cancellable
      .draftKey=${draftKeyOf(this.mergeRequest.id, place)}
      .actions=${[{ label: 'Comment on merge request', variant: 'brand', needsText: true, act }]}
      @done=${settle}
      @cancel=${settle}
    ></registry-composer>`;
  }
}

customElements.define('registry-discussion', RegistryDiscussion);

declare global {
  interface HTMLElementTagNameMap {
    'registry-discussion': RegistryDiscussion;
  }
}
