import { Task } from '@lit/task';
import { css, html, LitElement, nothing } from 'lit';
import { LiveController, REVIEW_EVENTS } from '../../data/events.ts';
import { listMergeRequests, type MergeRequest } from '../../data/merge-requests.ts';
import { SessionController } from '../../data/session.ts';
import { totalOf } from '../../elements/count.ts';
import { icon } from '../../elements/icon.ts';
import '../../elements/person.ts';
import { ago } from '../../elements/time.ts';
import { shared } from '../../styles/shared.ts';

const SHOWN = 4;

/** The open merge requests that the user can review. The element is hidden if no merge request waits for the user. */
export class DefinitionsWaiting extends LitElement {
  static override styles = [
    shared,
    css`
      .card {
        margin-block-end: var(--wa-space-m);
        padding: var(--wa-space-s) var(--wa-space-m);
      }
      h2 {
        font-size: var(--wa-font-size-m);
      }
      li {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 var(--wa-space-xs);
        padding-block: var(--wa-space-2xs);
      }
      .all {
        margin-inline-start: auto;
      }
    `,
  ];
  readonly #session = new SessionController(this);
  readonly #open = new Task(this, {
    task: async ([person]) =>
      person === undefined ? undefined : await listMergeRequests({ state: 'open', per_page: 20 }),
    args: () => [this.#session.me?.user.id] as const,
  });
  readonly live = new LiveController(this, REVIEW_EVENTS, () => void this.#open.run());

  override render() {
    const requests = this.#open.value;
    if (!requests || requests.items.length === 0) return nothing;
    const mine = requests.items.filter(({ draft }) => !draft);
    if (mine.length === 0) return nothing;
    return html`<section class="card" aria-label="Waiting for review">
      <div class="row">
        <h2>${icon('mergeRequest')} Waiting for review</h2>
        <a class="all" href="/merge-requests">All merge requests (${totalOf(requests)})</a>
      </div>
      <ul>${mine.slice(0, SHOWN).map((request) => this.#item(request))}</ul>
    </section>`;
  }

  #item({ id, title, definition, author, updated_at }: MergeRequest) {
    return html`<li>
      <a href="/merge-requests/${id}">!${id} ${title}</a>
      <span class="quiet small">
        ${definition.name} · ${author.username} · ${ago(updated_at)}
      </span>
    </li>`;
  }
}

customElements.define('definitions-waiting', DefinitionsWaiting);

declare global {
  interface HTMLElementTagNameMap {
    'definitions-waiting': DefinitionsWaiting;
  }
}
