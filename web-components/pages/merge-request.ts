import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/callout/callout.js';
import { html, nothing, type PropertyValues } from 'lit';
import { Page } from '../app/page.ts';
import { LiveController, type LiveEvent } from '../data/events.ts';
import {
  addComment,
  addReview,
  type CommentInput,
  editMergeRequest,
  type MergeRequestPage as Loaded,
  mergeMergeRequest,
  type ReviewInput,
  readMergeRequest,
  rebaseMergeRequest,
} from '../data/merge-requests.ts';
import { SessionController } from '../data/session.ts';
import type { Place } from '../elements/diff/place.ts';
import { icon } from '../elements/icon.ts';
import { revealHidden } from '../elements/reveal-hidden.ts';
import { mergeRequestBadge } from '../elements/review/badges.ts';
import '../elements/review/discussion.ts';
import '../elements/review/edit.ts';
import '../elements/review/merge-box.ts';
import { onReviewKey } from '../elements/review/keys.ts';
import { permissionList } from '../elements/review/permissions.ts';
import {
  checkList,
  commitList,
  interfaceChanges,
  trafficCard,
} from '../elements/review/summary.ts';
import { type Thread, threadsOf } from '../elements/review/threads.ts';
import { whenLoaded } from '../elements/states.ts';
import { ago } from '../elements/time.ts';
import { shared } from '../styles/shared.ts';
import './merge-request/actions.ts';
import './merge-request/changes.ts';
import type { DisplacedEvent } from './merge-request/changes.ts';
import { mergeRequestStyles } from './merge-request/styles.ts';

/** `/merge-requests/<n>`: review, discussion and changes of a merge request. */
export class MergeRequestPage extends Page {
  static override properties = {
    number: { type: Number },
    shown: { state: true },
    newer: { state: true },
    displaced: { state: true },
    editing: { state: true },
    granting: { state: true },
  };
  static override styles = [shared, mergeRequestStyles];

  declare number: number;
  /** The merge request as shown on the page. A review by the user applies to the head that is shown. */
  declare shown: Loaded | undefined;
  /**
   * The merge request with a newer head. The user clicks a button to show the newer head, so that nothing changes while
   * they read.
   */
  declare newer: Loaded | undefined;
  /** The line of an unsent comment on a diff that was replaced by a newer one. */
  declare displaced: Place | undefined;
  declare editing: boolean;
  /** The permissions that an approval by the user grants. */
  declare granting: ReadonlySet<string>;
  #threads: readonly Thread[] = [];
  readonly #session = new SessionController(this);

  readonly #loaded = new Task(this, {
    task: async ([number]) => this.#receive(await readMergeRequest(number)),
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
      (event) => this.#isAffectedBy(event) && void this.#loaded.run(),
    );
    this.addEventListener('keydown', (event) => onReviewKey(event, this.renderRoot));
  }

  #isAffectedBy({ type, data }: LiveEvent): boolean {
    const { merge_request, definition } = data as {
      merge_request?: { id: number };
      definition?: { id: number };
    };
    return type === 'definition.landed'
      ? definition?.id === this.shown?.definition.id
      : merge_request === undefined || merge_request.id === this.number;
  }

  /** Shows the loaded merge request. A newer head waits until the user asks for it. */
  #receive(loaded: Loaded): Loaded {
    const isOther = this.shown?.id !== loaded.id;
    if (isOther || this.shown?.head === loaded.head || loaded.state !== 'open') this.#show(loaded);
    else this.newer = loaded;
    return loaded;
  }

  readonly #show = (loaded: Loaded) => {
    if (this.shown?.head !== loaded.head) {
      const granted = loaded.permissions.filter(({ granted }) => granted);
      this.granting = new Set(granted.map(({ name }) => name));
    }
    this.shown = loaded;
    this.newer = undefined;
  };

  protected override willUpdate(changed: PropertyValues<this>) {
    if (changed.has('shown')) this.#threads = threadsOf(this.shown?.comments ?? []);
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
        <h1 tabindex="-1">${revealHidden(shown ? shown.title : `Merge request !${this.number}`)}</h1>
      </header>
      ${shown ? this.#page(shown) : whenLoaded(this.#loaded, () => nothing)}`;
  }

  #page(shown: Loaded) {
    return html`${this.#byline(shown)}
      ${this.newer ? this.#notice(this.newer) : nothing}
      <registry-problem .error=${this.#loaded.error}></registry-problem>
      <div class="columns">
        <div class="main">
          ${this.#description(shown)}
          <section class="card" aria-label="Interface changes">
            <h2>Interface changes</h2>
            ${interfaceChanges(shown.interface)}
          </section>
          ${shown.traffic.length > 0 ? trafficCard(shown.traffic) : nothing}
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
              merge: (override?: string) =>
                mergeMergeRequest(shown.id, shown.head, override).then(this.#show),
              rebase: () => rebaseMergeRequest(shown.id, shown.head).then(this.#show),
            }}
          ></registry-merge-box>
          <section class="card" aria-label="Checks">
            <h2>Checks</h2>
            ${checkList(shown.checks)}
            ${shown.bench.why && shown.state === 'open' ? html`<p class="small quiet">${shown.bench.why}</p>` : nothing}
          </section>
          <section class="card" aria-label="Commits">
            <h2>Commits</h2>
            ${commitList(shown.commits)}
          </section>
        </div>
      </div>
      <merge-request-changes
        .mergeRequest=${shown}
        .threads=${this.#threads}
        .send=${this.#mayWrite ? this.#comment : undefined}
        @displaced=${({ place }: DisplacedEvent) => {
          this.displaced = place;
        }}
      ></merge-request-changes>`;
  }

  #byline(shown: Loaded) {
    return html`<div class="row">
      ${mergeRequestBadge(shown)} <span class="quiet">!${shown.id}</span>
      <registry-person .username=${shown.author.username}></registry-person>
      <span class="small quiet"
        >opened ${ago(shown.created_at)} from <code>${revealHidden(shown.source_ref.replace(/^refs\/heads\//, ''))}</code></span
      >
      ${
        this.#mayWrite
          ? html`<merge-request-actions
              class="end"
              .mergeRequest=${shown}
              .show=${this.#show}
              @edit=${() => {
                this.editing = true;
              }}
            ></merge-request-actions>`
          : nothing
      }
    </div>`;
  }

  #notice(newer: Loaded) {
    return html`<wa-callout variant="warning" size="s" role="status">
      <div class="row">
        <span>New commits were pushed. The head is now <code>${newer.head.slice(0, 8)}</code>; you are viewing <code>${this.shown?.head.slice(0, 8)}</code>.</span>
        <wa-button size="s" @click=${() => this.#show(newer)}>${icon('sync', 'start')} Show the new head</wa-button>
      </div>
    </wa-callout>`;
  }

  #description(shown: Loaded) {
    if (this.editing) {
      return html`<registry-merge-request-edit
        class="card"
        .mergeRequest=${shown}
        .save=${(change: { title: string; description: string }) => editMergeRequest(shown.id, change).then(this.#show)}
        @done=${() => {
          this.editing = false;
        }}
      ></registry-merge-request-edit>`;
    }
    return html`<section class="card" aria-label="Description">
      <h2>Description</h2>
      ${shown.description ? html`<p class="text">${revealHidden(shown.description)}</p>` : html`<p class="quiet">No description.</p>`}
    </section>`;
  }

  readonly #comment = async (comment: CommentInput): Promise<void> => {
    await addComment(this.number, comment);
    await this.#loaded.run();
  };

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
          comment: (body: string) => this.#comment({ body }),
          reply: (in_reply_to: number, body: string) => this.#comment({ body, in_reply_to }),
          review: async (verdict: ReviewInput['verdict'], body: string) => {
            await addReview(id, { verdict, body, head, ...this.#grants(verdict) });
            await this.#loaded.run();
          },
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

  /** The permissions that an approval grants, or an empty object if there is nothing to grant. */
  #grants(verdict: ReviewInput['verdict']) {
    const hasGrants = verdict === 'approve' && this.#mayDecide && this.shown?.permissions.length;
    return hasGrants ? { grants: [...this.granting] } : {};
  }
}

customElements.define('merge-request-page', MergeRequestPage);
