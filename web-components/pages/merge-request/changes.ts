import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { createRef, ref } from 'lit/directives/ref.js';
import { repeat } from 'lit/directives/repeat.js';
import type { CommentInput, MergeRequestPage } from '../../data/merge-requests.ts';
import '../../elements/diff/diff.ts';
import type { Place, PlaceEvent } from '../../elements/diff/place.ts';
import type { RegistryComposer } from '../../elements/review/composer.ts';
import '../../elements/review/thread.ts';
import {
  draftKeyOf,
  idOf,
  keyOf,
  type Thread,
  threadsByPlace,
} from '../../elements/review/threads.ts';
import { shared } from '../../styles/shared.ts';

export class DisplacedEvent extends Event {
  readonly place: Place;
  constructor(place: Place) {
    super('displaced');
    this.place = place;
  }
}

/**
 * The diff of a merge request. Threads appear below the lines that they are about.
 *
 * @fires {DisplacedEvent} displaced - A new diff replaced the diff on which the user was starting a thread.
 */
export class MergeRequestChanges extends LitElement {
  static override properties = {
    mergeRequest: { attribute: false },
    threads: { attribute: false },
    send: { attribute: false },
    place: { state: true },
  };
  static override styles = [
    shared,
    css`
      .new-thread {
        margin: var(--wa-space-xs);
        padding: var(--wa-space-s);
      }
      kbd {
        padding-inline: 0.35em;
        border: 1px solid var(--wa-color-surface-border);
        border-radius: var(--wa-border-radius-s);
      }
      @media (max-width: 62rem) {
        .keys {
          display: none;
        }
      }
    `,
  ];

  declare mergeRequest: MergeRequestPage;
  declare threads: readonly Thread[];
  /** Sends a comment, or undefined if the user may not comment. */
  declare send: ((comment: CommentInput) => Promise<unknown>) | undefined;
  /** The line on which the user is starting a thread. */
  declare place: Place | undefined;
  #below: (place: Place) => unknown = () => nothing;
  readonly #newThread = createRef<RegistryComposer>();

  protected override willUpdate(changed: PropertyValues<this>) {
    const before = changed.get('mergeRequest');
    if (this.place && before && before.diff !== this.mergeRequest.diff) {
      this.dispatchEvent(new DisplacedEvent(this.place));
      this.place = undefined;
    }
    if (!changed.has('threads') && !changed.has('place')) return;
    const places = threadsByPlace(this.threads);
    const { place } = this;
    // The files render again only if `#below` is a new function.
    this.#below = (at) => {
      const threads = places.get(keyOf(at)) ?? [];
      const isHere = place !== undefined && keyOf(place) === keyOf(at);
      return threads.length > 0 || isHere
        ? html`${repeat(threads, idOf, (thread) => this.#thread(thread))}${isHere ? this.#startThread(at) : nothing}`
        : nothing;
    };
  }

  override render() {
    const { diff, diff_truncated } = this.mergeRequest;
    return html`<section aria-label="Changes">
      ${diff_truncated ? html`<p class="quiet">The diff is larger than 1 MiB, so only its beginning is shown. Fetch the branch to see the whole diff.</p>` : nothing}
      ${
        diff === ''
          ? html`<p class="quiet">No changes.</p>`
          : html`<registry-diff
              .diff=${diff}
              ?choosable=${this.send !== undefined}
              .below=${this.#below}
              @place-chosen=${this.#choose}
              ><h2>Changes</h2>
              <p class="small quiet keys"><kbd>j</kbd> <kbd>k</kbd> next and previous file, <kbd>n</kbd> <kbd>p</kbd> next and previous thread</p></registry-diff
            >`
      }
    </section>`;
  }

  #thread(thread: Thread) {
    const { send } = this;
    const reply = send && ((body: string) => send({ body, in_reply_to: idOf(thread) }));
    return html`<registry-thread
      class="card"
      tabindex="-1"
      .thread=${thread}
      .reply=${reply}
    ></registry-thread>`;
  }

  #startThread(place: Place) {
    const { path, side, line } = place;
    const stop = () => {
      this.place = undefined;
    };
    const { id, head } = this.mergeRequest;
    const act = async (body: string) => await this.send?.({ body, file: path, side, line, head });
    return html`<registry-composer
      class="card new-thread"
      ${ref(this.#newThread)}
      label=${`Comment on line ${line}${side === 'old' ? ' of the old version' : ''}`}
      cancellable
      .draftKey=${draftKeyOf(id, place)}
      .actions=${[{ label: 'Comment', variant: 'brand', needsText: true, act }]}
      @done=${stop}
      @cancel=${stop}
    ></registry-composer>`;
  }

  async #choose({ place }: PlaceEvent) {
    this.place = place;
    await this.updateComplete;
    await this.renderRoot.querySelector('registry-diff')?.updateComplete;
    requestAnimationFrame(() => void this.#newThread.value?.focus());
  }
}

customElements.define('merge-request-changes', MergeRequestChanges);

declare global {
  interface HTMLElementTagNameMap {
    'merge-request-changes': MergeRequestChanges;
  }
}
