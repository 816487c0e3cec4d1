import { Task } from '@lit/task';
import { css, html, LitElement, nothing } from 'lit';
import { type Instrument, listInstruments } from '../../data/equipment.ts';
import { badge } from '../../elements/badge.ts';
import { whenLoaded } from '../../elements/states.ts';
import '../../elements/table.ts';
import type { Column } from '../../elements/table.ts';
import { ago } from '../../elements/time.ts';
import { shared } from '../../styles/shared.ts';

const SHOWN = 100;

const COLUMNS: Column<Instrument>[] = [
  {
    label: 'Instrument',
    width: '34%',
    cell: ({ id, name, location }) =>
      html`<a href="/instruments/${id}">${name}</a>
        ${location ? html`<div class="quiet small">${location}</div>` : nothing}`,
  },
  { label: 'Computer', cell: ({ bindings }) => bindings.map(bindingLine) },
  {
    label: 'Version',
    align: 'end',
    width: '6rem',
    cell: ({ pinned_version }) =>
      pinned_version === null ? 'newest' : `pinned to v${pinned_version}`,
  },
];

function bindingLine({
  computer_name,
  adapter,
  is_primary,
  last_connected,
}: Instrument['bindings'][number]) {
  return html`<div>
    <strong>${computer_name}</strong> ${adapter ? html`<code>${adapter}</code>` : nothing}
    ${is_primary ? badge('primary') : nothing}
    <span class="quiet small">${last_connected ? html`connected ${ago(last_connected)}` : 'never connected'}</span>
  </div>`;
}

/** The instruments that use a definition, and the computers to which they are bound. */
export class DefinitionInstances extends LitElement {
  static override properties = { definitionId: { attribute: false } };
  static override styles = [
    shared,
    css`
      h2 {
        margin-block-end: var(--wa-space-xs);
        font-size: var(--wa-font-size-m);
      }
      p {
        padding: var(--wa-space-s);
      }
    `,
  ];
  declare definitionId: number;

  readonly #instruments = new Task(this, {
    task: async ([definition_id]) => await listInstruments({ definition_id, per_page: SHOWN }),
    args: () => [this.definitionId] as const,
  });

  override render() {
    return html`<section>
      <h2>Instruments</h2>
      <div class="card">
        ${whenLoaded(this.#instruments, ({ items }) =>
          items.length === 0
            ? html`<p class="quiet">No instruments in your labs use this definition.</p>`
            : html`<registry-table
                caption="Instruments and their computers"
                .columns=${COLUMNS}
                .rows=${items}
              ></registry-table>`,
        )}
      </div>
    </section>`;
  }
}

customElements.define('definition-instances', DefinitionInstances);

declare global {
  interface HTMLElementTagNameMap {
    'definition-instances': DefinitionInstances;
  }
}
