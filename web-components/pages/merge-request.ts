import { Task } from '@lit/task';
import { revealed } from '../elements/revealed.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/callout/callout.js';
import { html, nothing, type PropertyValues } from 'lit';
import { createRef, ref } from 'lit/directives/ref.js';
import { repeat } from 'lit/directives/repeat.js';
import { Page } from '../app/page.ts';
import { LiveController, type LiveEvent } from '../data/events.ts';
import {
  closeIt,
  comment,
  editMergeRequest,
  type MergeRequestPage as Loaded,
  mergeIt,
  type ReviewInput,
  readMergeRequest,
  rebaseIt,
  reopenIt,
  review,
} from '../data/merge-requests.ts';
import { SessionController } from '../data/session.ts';
import { confirm } from '../elements/confirm.ts';
import '../elements/diff/diff.ts';
import type { Place, PlaceEvent } from '../elements/diff/file.ts';
import { icon } from '../elements/icon.ts';
import { mergeRequestBadge } from '../elements/review/badges.ts';
import type { RegistryComposer } from '../elements/review/composer.ts';
import '../elements/review/discussion.ts';
import '../elements/review/edit.ts';
import '../elements/review/merge-box.ts';
import { onReviewKey } from '../elements/review/keys.ts';
import { permissionList } from '../elements/review/permissions.ts';
import { breakage, checkList, commitList } from '../elements/review/summary.ts';
import '../elements/review/thread.ts';
import {
  idOf,
  keyOf,
  nameOf,
  type Thread,
  threadsByPlace,
  threadsOf,
} from '../elements/review/threads.ts';
import { whenLoaded } from '../elements/states.ts';
import { ago } from '../elements/time.ts';
import { shared } from '../styles/shared.ts';
import { mergeRequestStyles } from './merge-request.styles.ts';

/** `/merge-requests/<n>`. */
export class MergeRequestPage extends Page {
  static override properties = {
    number: { type: Number },
    shown: { state: true },
    newer: { state: true },
    place: { state: true },
    displaced: { state: true },
    editing: { state: true },
    granting: { state: true },
  };
  static override styles = [shared, mergeRequestStyles];

  declare number: number;
  /** What the person looks at; a review is of this head. */
  declare shown: Loaded | undefined;
  /** What came meanwhile with another head: shown when asked for, so that nothing changes under a reviewer's eyes. */
  declare newer: Loaded | undefined;
  /** Where a new thread is being written. */
  declare place: Place | undefined;
  /** Where one was being written when another difference took the place of that which had the line. */
  declare displaced: Place | undefined;
  declare editing: boolean;
  /** The permissions that an approval of this person grants. */
  declare granting: ReadonlySet<string>;
  #threads: readonly Thread[] = [];
  #below: (place: Place) => unknown = () => nothing;
  readonly #session = new SessionController(this);
  readonly #newThread = createRef<RegistryComposer>();

  readonly #loaded = new Task(this, {
    task: async ([number]) => this.#arrived(await readMergeRequest(number)),
    args: () => [this.number] as const,
  });

  constructor() {
    super();
    this.editing = false;
    this.granting = new Set();
    new LiveController(
      this,
      [
        'merge_request.updated',
        'merge_request.merged',
        'merge_request.closed',
        'definition.landed',
      ],
      (event) => this.#concerns(event) && void this.#loaded.run(),
    );
    this.addEventListener('keydown', (event) => onReviewKey(event, this.renderRoot));
  }

  #concerns({ type, data }: LiveEvent): boolean {
    const { merge_request, definition } = data as {
      merge_request?: { id: number };
      definition?: { id: number };
    };
    return type === 'definition.landed'
      ? definition?.id === this.shown?.definition.id
      : merge_request === undefined || merge_request.id === this.number;
  }

  /** A new head waits until it is asked for; everything else is shown at once. */
  #arrived(loaded: Loaded): Loaded {
    const isOther = this.shown?.id !== loaded.id;
    if (isOther || this.shown?.head === loaded.head || loaded.state !== 'open') this.#show(loaded);
    else this.newer = loaded;
    return loaded;
  }

  #show(loaded: Loaded) {
    if (this.place && this.shown?.diff !== loaded.diff) {
      this.displaced = this.place;
      this.place = undefined;
    }
    if (this.shown?.head !== loaded.head) {
      const granted = loaded.permissions.filter(({ granted }) => granted);
      this.granting = new Set(granted.map(({ name }) => name));
    }
    this.shown = loaded;
    this.newer = undefined;
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (!changed.has('shown') && !changed.has('place')) return;
    this.#threads = threadsOf(this.shown?.comments ?? []);
    const places = threadsByPlace(this.#threads);
    const { place } = this;
    // Another function each time something stands at another line: that is how the files know.
    this.#below = (at) => {
      const threads = places.get(keyOf(at)) ?? [];
      const isHere = place !== undefined && keyOf(place) === keyOf(at);
      return threads.length > 0 || isHere
        ? html`${repeat(threads, idOf, (thread) => this.#thread(thread))}${isHere ? this.#startThread(at) : nothing}`
        : nothing;
    };
  }

  get #mayWrite() {
    return this.shown !== undefined && this.#session.may('contributor', this.shown.lab_id);
  }

  get #mayDecide() {
    return this.shown !== undefined && this.#session.may('admin', this.shown.lab_id);
  }

  override render() {
    const { shown } = this;
    return html`<header>
        <p class="small quiet">
          <a href="/merge-requests">Merge requests</a>${
            shown &&
            html` · <a href="/definitions/${encodeURIComponent(shown.definition.name)}">${shown.definition.name}</a>`
          }
        </p>
        <h1 tabindex="-1">${revealed(shown ? shown.title : `Merge request !${this.number}`)}</h1>
      </header>
      ${shown ? this.#page(shown) : whenLoaded(this.#loaded, () => nothing)}`;
  }

  #page(shown: Loaded) {
    return html`<div class="row">
        ${mergeRequestBadge(shown)} <span class="quiet">!${shown.id}</span>
        <registry-person .username=${shown.author.username}></registry-person>
        <span class="small quiet"
          >opened ${ago(shown.created_at)} from <code>${revealed(shown.source_ref.replace(/^refs\/heads\//, ''))}</code></span
        >
        ${this.#mayWrite ? this.#buttons(shown) : nothing}
      </div>
      ${this.newer ? this.#notice(this.newer) : nothing}
      <registry-problem .error=${this.#loaded.error}></registry-problem>
      <div class="columns">
        <div class="main">
          ${this.#description(shown)}
          <section class="card" aria-label="What it breaks">
            <h2>What it breaks</h2>
            ${breakage(shown.interface)}
          </section>
          ${shown.permissions.length > 0 ? this.#permissions(shown) : nothing}
          ${this.#discussion(shown)}
        </div>
        <div class="side">
          <registry-merge-box
            class="card"
            .mergeRequest=${shown}
            ?mayDecide=${this.#mayDecide}
            ?mayWrite=${this.#mayWrite}
            .actions=${{
              merge: (override?: string) => this.#do(mergeIt(shown.id, shown.head, override)),
              rebase: () => this.#do(rebaseIt(shown.id, shown.head)),
            }}
          ></registry-merge-box>
          <section class="card" aria-label="Checks">
            <h2>Checks</h2>
            ${checkList(shown.checks)}
          </section>
          <section class="card" aria-label="Commits">
            <h2>Commits</h2>
            ${commitList(shown.commits)}
          </section>
        </div>
      </div>
      ${this.#changes(shown)}`;
  }

  #notice(newer: Loaded) {
    return html`<wa-callout variant="warning" size="s" role="status">
      <div class="row">
        <span>Somebody pushed: the head is now <code>${newer.head.slice(0, 8)}</code>. You still look at <code>${this.shown?.head.slice(0, 8)}</code>.</span>
        <wa-button size="s" @click=${() => this.#show(newer)}>${icon('sync', 'start')} Show the new state</wa-button>
      </div>
    </wa-callout>`;
  }

  #buttons({ id, state, draft }: Loaded) {
    return html`<span class="row end">
      <wa-button size="s" appearance="outlined" @click=${() => {
        this.editing = true;
      }}>${icon('pencil', 'start')} Edit</wa-button>
      ${
        state === 'open'
          ? html`<wa-button size="s" appearance="outlined" @click=${() => this.#ask(draft ? 'It is ready for review' : 'It is a draft', draft ? 'Mark as ready' : 'Mark as draft', () => editMergeRequest(id, { draft: !draft }))}>${draft ? 'Mark as ready' : 'Mark as draft'}</wa-button>
              <wa-button size="s" appearance="outlined" @click=${() => this.#ask('Close this merge request', 'Close it', () => closeIt(id))}>Close</wa-button>`
          : nothing
      }
      ${state === 'closed' ? html`<wa-button size="s" appearance="outlined" @click=${() => this.#ask('Reopen this merge request', 'Reopen it', () => reopenIt(id))}>Reopen</wa-button>` : nothing}
    </span>`;
  }

  async #ask(title: string, action: string, act: () => Promise<Loaded>) {
    await confirm({ title, text: 'It can be taken back.', action, act: () => this.#do(act()) });
  }

  /** What answers with the page is shown as it is then. */
  async #do(change: Promise<Loaded>): Promise<void> {
    this.#show(await change);
  }

  #description(shown: Loaded) {
    if (this.editing) {
      const stop = () => {
        this.editing = false;
      };
      return html`<registry-merge-request-edit
        class="card"
        .mergeRequest=${shown}
        .save=${(change: { title: string; description: string }) => this.#do(editMergeRequest(shown.id, change))}
        @done=${stop}
      ></registry-merge-request-edit>`;
    }
    return html`<section class="card" aria-label="Description">
      <h2>Description</h2>
      ${shown.description ? html`<p class="text">${revealed(shown.description)}</p>` : html`<p class="quiet">There is none.</p>`}
    </section>`;
  }

  /** Says something, and shows it. */
  async #say(said: Promise<unknown>): Promise<void> {
    await said;
    await this.#loaded.run();
  }

  #discussion({ id, head }: Loaded) {
    return html`<section class="card" aria-label="Discussion">
      <h2>Discussion</h2>
      <registry-discussion
        .mergeRequest=${this.shown}
        .threads=${this.#threads}
        .displaced=${this.displaced}
        ?mayWrite=${this.#mayWrite}
        ?mayDecide=${this.#mayDecide}
        .actions=${{
          comment: (body: string) => this.#say(comment(id, { body })),
          reply: (in_reply_to: number, body: string) =>
            this.#say(comment(id, { body, in_reply_to })),
          review: (verdict: ReviewInput['verdict'], body: string) =>
            this.#say(review(id, { verdict, body, head, ...this.#grants(verdict) })),
        }}
        @settled=${() => {
          this.displaced = undefined;
        }}
      ></registry-discussion>
    </section>`;
  }

  #permissions({ permissions, state }: Loaded) {
    const change = (name: string, granted: boolean) => {
      const others = [...this.granting].filter((one) => one !== name);
      this.granting = new Set(granted ? [...others, name] : others);
    };
    const mayGrant = this.#mayDecide && state === 'open';
    return html`<section class="card" aria-label="Permissions">
      <h2>Permissions</h2>
      ${permissionList(permissions, this.granting, mayGrant ? change : undefined)}
    </section>`;
  }

  /** Said only where there is something to grant. */
  #grants(verdict: ReviewInput['verdict']) {
    const isSaid = verdict === 'approve' && this.#mayDecide && this.shown?.permissions.length;
    return isSaid ? { grants: [...this.granting] } : {};
  }

  #thread(thread: Thread) {
    const in_reply_to = idOf(thread);
    const reply = (body: string) => this.#say(comment(this.number, { body, in_reply_to }));
    return html`<registry-thread
      class="card"
      tabindex="-1"
      .thread=${thread}
      .reply=${this.#mayWrite ? reply : undefined}
    ></registry-thread>`;
  }

  #startThread(place: Place) {
    const { path, side, line } = place;
    const stop = () => {
      this.place = undefined;
    };
    const head = this.shown?.head ?? '';
    const act = (body: string) =>
      this.#say(comment(this.number, { body, file: path, side, line, head }));
    return html`<registry-composer
      class="card new-thread"
      ${ref(this.#newThread)}
      label=${`Comment on line ${line}${side === 'old' ? ' of the old file' : ''}`}
      cancellable
      .keptAs=${nameOf(this.number, place)}
      .actions=${[{ label: 'Comment', variant: 'brand', needsText: true, act }]}
      @done=${stop}
      @cancel=${stop}
    ></registry-composer>`;
  }

  #changes({ diff, diff_truncated }: Loaded) {
    return html`<section class="changes" aria-label="Changes">
      ${diff_truncated ? html`<p class="quiet">The difference is longer than 1 MiB; only its beginning is shown. Fetch the branch to see all of it.</p>` : nothing}
      ${
        diff === ''
          ? html`<p class="quiet">Nothing differs.</p>`
          : html`<registry-diff
              .diff=${diff}
              ?choosable=${this.#mayWrite}
              .below=${this.#below}
              @place-chosen=${this.#choose}
              ><h2>Changes</h2>
              <p class="small quiet keys"><kbd>j</kbd> <kbd>k</kbd> next and previous file, <kbd>n</kbd> <kbd>p</kbd> next and previous thread</p></registry-diff
            >`
      }
    </section>`;
  }

  async #choose({ place }: PlaceEvent) {
    this.place = place;
    await this.updateComplete;
    await this.renderRoot.querySelector('registry-diff')?.updateComplete;
    requestAnimationFrame(() => void this.#newThread.value?.focus());
  }
}

customElements.define('merge-request-page', MergeRequestPage);
