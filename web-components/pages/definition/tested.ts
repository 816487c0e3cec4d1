import { Task } from '@lit/task';
import { css, html, LitElement, nothing } from 'lit';
import type { Tested, TestResult } from '../../../registry/schemas/tests.ts';
import { type Definition, listTestResults } from '../../data/definitions.ts';
import { revealHidden } from '../../elements/reveal-hidden.ts';
import { checkBadge } from '../../elements/review/badges.ts';
import '../../elements/review/test-run.ts';
import { ago } from '../../elements/time.ts';
import { shared } from '../../styles/shared.ts';

/** What bench computers say about the shown version: the summary and, for the lab, the newest result of each computer. */
export class DefinitionTested extends LitElement {
  static override properties = { definition: { attribute: false } };
  static override styles = [
    shared,
    css`
      h2 {
        margin-block-end: var(--wa-space-xs);
        font-size: var(--wa-font-size-m);
      }
      .card,
      ul {
        display: grid;
        gap: var(--wa-space-s);
      }
      .card {
        padding: var(--wa-space-m);
      }
      li {
        display: grid;
        gap: var(--wa-space-2xs);
        min-inline-size: 0;
        padding-block-start: var(--wa-space-s);
        border-block-start: 1px solid var(--wa-color-surface-border);
        overflow-wrap: anywhere;
      }
    `,
  ];
  declare definition: Definition;

  readonly #results = new Task(this, {
    task: async ([id, version]) => (version === null ? [] : await listTestResults(id, version)),
    args: () => {
      const { id, version, tested } = this.definition;
      return [id, version, tested?.last_run] as const;
    },
  });

  override render() {
    const { tested } = this.definition;
    if (!tested) return nothing;
    const standing = (this.#results.value ?? []).filter((result) => result.standing);
    return html`<section>
      <h2>Tests</h2>
      <div class="card">
        <p class="row">${checkBadge(tested.state)} <span class="quiet small">since ${ago(tested.since)}</span></p>
        <p>Tested: ${whatOf(tested)}, on ${counted(tested.computers, 'computer')}, ${ago(tested.last_run)}</p>
        ${standing.length > 0 ? html`<ul aria-label="Newest results">${standing.map(entry)}</ul>` : nothing}
      </div>
    </section>`;
  }
}

function entry({ computer_name, state, summary, details, since }: TestResult) {
  return html`<li>
    <p class="row">
      ${checkBadge(state)} <span>${computer_name ?? 'a computer of another lab'}</span>
      <span class="quiet small">since ${ago(since)}</span>
    </p>
    ${summary ? html`<p class="small quiet">${revealHidden(summary)}</p>` : nothing}
    <registry-test-run .details=${details}></registry-test-run>
  </li>`;
}

/** What was tested, in words, such as “5 recordings, simulator”. */
function whatOf({ kinds: { recordings, functions, simulator } }: NonNullable<Tested>): string {
  const parts = [
    recordings > 0 && counted(recordings, 'recording'),
    functions > 0 && counted(functions, 'test function'),
    simulator && 'simulator',
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(', ') : 'nothing';
}

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;

customElements.define('definition-tested', DefinitionTested);

declare global {
  interface HTMLElementTagNameMap {
    'definition-tested': DefinitionTested;
  }
}
