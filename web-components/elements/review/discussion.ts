import { css, html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { MergeRequestPage, Review } from '../../../registry/schemas/review.ts';
import { shared } from '../../styles/shared.ts';
import type { Place } from '../diff/file.ts';
import './composer.ts';
import type { ComposerAction } from './composer.ts';
import { reviewEntry } from './summary.ts';
import './thread.ts';
import { idOf, nameOf, placeOf, type Thread } from './threads.ts';

/** What can be said; what throws is shown where it was written, and the text stays. */
export interface DiscussionActions {
  comment: (body: string) => Promise<unknown>;
  review: (verdict: Review['verdict'], body: string) => Promise<unknown>;
  reply: (to: number, body: string) => Promise<unknown>;
}

/**
 * Reviews and what was said of the whole, in the order of time, and the field to say more; threads whose line is gone
 * stand here too.
 *
 * @fires settled - What was displaced was sent, or somebody thought better of it.
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
  /** A line that is another one now, and of which somebody was writing. */
  declare displaced: Place | undefined;
  declare actions: DiscussionActions;
  /** Whether this person may take part. */
  declare mayWrite: boolean;
  /** Whether this person may approve and request changes. */
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
      ${this.displaced ? this.#goOn(this.displaced) : nothing}
      ${
        this.mayWrite
          ? html`<registry-composer
              label="What do you think of it?"
              .keptAs=${nameOf(this.mergeRequest.id)}
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

  /** Nothing of what was being written is lost, and it says where it belonged. */
  #goOn(place: Place) {
    const { path, line } = place;
    const settle = () => this.dispatchEvent(new Event('settled'));
    const act = (body: string) =>
      this.actions.comment(`${path}, line ${line} before the last push: ${body}`);
    return html`<registry-composer
      label=${`You were writing on line ${line} of ${path}, before the push`}
      cancellable
      .keptAs=${nameOf(this.mergeRequest.id, place)}
      .actions=${[{ label: 'Comment on the whole', variant: 'brand', needsText: true, act }]}
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
