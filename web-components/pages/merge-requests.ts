import { Task } from '@lit/task';
import { revealHidden } from '../elements/reveal-hidden.ts';
import '@awesome.me/webawesome/dist/components/radio-group/radio-group.js';
import '@awesome.me/webawesome/dist/components/radio/radio.js';
import '@awesome.me/webawesome/dist/components/switch/switch.js';
import { css, html, nothing } from 'lit';
import { setQuery } from '../app/go.ts';
import { Page } from '../app/page.ts';
import { LiveController, REVIEW_EVENTS } from '../data/events.ts';
import { listMergeRequests, type MergeRequest } from '../data/merge-requests.ts';
import { SessionController } from '../data/session.ts';
import '../elements/person.ts';
import { mergeRequestBadge } from '../elements/review/badges.ts';
import { empty } from '../elements/states.ts';
import type { Column } from '../elements/table.ts';
import { ago } from '../elements/time.ts';
import { shared } from '../styles/shared.ts';
import { listQuery } from './list/query.ts';
import { listOf } from './list/results.ts';

const STATES = ['open', 'merged', 'closed'] as const;
type State = (typeof STATES)[number];
const FILTERS = ['author', 'definition_id'] as const;

const COLUMNS: Column<MergeRequest>[] = [
  {
    label: 'Merge request',
    cell: (item) => html`<a href="/merge-requests/${item.id}">${revealHidden(item.title)}</a>
      <span class="quiet">!${item.id}</span> ${item.draft ? mergeRequestBadge(item) : nothing}`,
  },
  {
    label: 'Definition',
    cell: ({ definition: { name } }) =>
      html`<a href="/definitions/${encodeURIComponent(name)}">${name}</a>`,
  },
  {
    label: 'Author',
    cell: ({ author }) => html`<registry-person .username=${author.username}></registry-person>`,
  },
  { label: 'Updated', cell: ({ updated_at }) => ago(updated_at) },
];

/** `/merge-requests`: open, merged and closed merge requests. */
export class MergeRequestsPage extends Page {
  static override properties = { query: { attribute: false } };
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: var(--wa-space-m);
      }
      .filters {
        gap: var(--wa-space-m);
      }
      wa-radio-group::part(form-control-label) {
        display: none;
      }
    `,
  ];
  declare query: URLSearchParams;
  readonly #session = new SessionController(this);

  readonly #found = new Task(this, {
    task: ([query, state]) =>
      listMergeRequests({ ...listQuery(new URLSearchParams(query), FILTERS), state }),
    args: () => [this.query.toString(), this.#state] as const,
  });

  constructor() {
    super();
    new LiveController(this, REVIEW_EVENTS, () => void this.#found.run());
  }

  get #state(): State {
    return STATES.find((state) => state === this.query.get('state')) ?? 'open';
  }

  override render() {
    const own = this.#session.me?.user.username;
    return html`<h1 tabindex="-1">Merge requests</h1>
      <div class="row filters">
        <wa-radio-group
          label="State"
          orientation="horizontal"
          size="s"
          .value=${this.#state}
          @change=${(event: Event) =>
            setQuery({ state: (event.target as HTMLInputElement).value, page: undefined })}
        >
          ${STATES.map((state) => html`<wa-radio appearance="button" value=${state}>${LABELS[state]}</wa-radio>`)}
        </wa-radio-group>
        <wa-switch
          size="s"
          .checked=${own !== undefined && this.query.get('author') === own}
          @change=${(event: Event) =>
            setQuery({
              author: (event.target as HTMLInputElement).checked ? own : undefined,
              page: undefined,
            })}
          >Only mine</wa-switch
        >
      </div>
      ${listOf(this, this.#found, { caption: 'Merge requests', columns: COLUMNS }, () => this.#nothing())}`;
  }

  #nothing() {
    const next = html`To open a merge request, push to <code>refs/for/main</code>, or save a change that needs a review.`;
    return this.#state === 'open'
      ? empty('check', 'No open merge requests', next)
      : empty('mergeRequest', `No ${this.#state} merge requests`, next);
  }
}

const LABELS: Record<State, string> = { open: 'Open', merged: 'Merged', closed: 'Closed' };

customElements.define('merge-requests-page', MergeRequestsPage);
