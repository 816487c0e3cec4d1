import { Task } from '@lit/task';
import { css, html, LitElement, nothing } from 'lit';
import { LiveController, REVIEW_EVENTS } from '../../data/events.ts';
import { listMergeRequests } from '../../data/merge-requests.ts';
import { mergeRequestBadge } from '../../elements/review/badges.ts';
import { ago } from '../../elements/time.ts';
import { shared } from '../../styles/shared.ts';

/** The open merge requests of a definition. The element is hidden if the definition has no open merge requests. */
export class DefinitionRequests extends LitElement {
  static override properties = { definitionId: { attribute: false } };
  static override styles = [
    shared,
    css`
      h2 {
        margin-block-end: var(--wa-space-xs);
        font-size: var(--wa-font-size-m);
      }
      li {
        padding: var(--wa-space-s) var(--wa-space-m);
      }
      li + li {
        border-block-start: 1px solid var(--wa-color-surface-border);
      }
    `,
  ];
  declare definitionId: number;

  readonly #open = new Task(this, {
    task: async ([definition_id]) =>
      await listMergeRequests({ definition_id, state: 'open', per_page: 20 }),
    args: () => [this.definitionId] as const,
  });

  constructor() {
    super();
    new LiveController(this, REVIEW_EVENTS, () => void this.#open.run());
  }

  override render() {
    const items = this.#open.value?.items ?? [];
    this.hidden = items.length === 0;
    if (items.length === 0) return nothing;
    return html`<section>
      <h2>Open merge requests</h2>
      <ul class="card">
        ${items.map(
          (request) =>
            html`<li>
              <a href="/merge-requests/${request.id}">!${request.id} ${request.title}</a>
              <div class="row quiet small">
                ${mergeRequestBadge(request)} ${request.author.username} · ${ago(request.updated_at)}
              </div>
            </li>`,
        )}
      </ul>
    </section>`;
  }
}

customElements.define('definition-requests', DefinitionRequests);

declare global {
  interface HTMLElementTagNameMap {
    'definition-requests': DefinitionRequests;
  }
}
