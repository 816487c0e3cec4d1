import { html, LitElement } from 'lit';
import type { Binding } from '../../data/equipment.ts';
import { badge } from '../../elements/badge.ts';
import { revealHidden } from '../../elements/reveal-hidden.ts';
import { empty } from '../../elements/states.ts';
import '../../elements/table.ts';
import type { Column } from '../../elements/table.ts';
import { ago } from '../../elements/time.ts';
import { sections } from '../../styles/sections.ts';
import { shared } from '../../styles/shared.ts';

const COLUMNS: Column<Binding>[] = [
  {
    label: 'Instrument',
    cell: ({ instrument, is_primary }) =>
      html`<a href="/instruments/${instrument.id}">${revealHidden(instrument.name)}</a> ${is_primary ? badge('primary', 'brand') : ''}`,
  },
  {
    label: 'Definition',
    cell: ({ instrument: { definition, pinned_version } }) =>
      definition
        ? html`<a href="/definitions/${encodeURIComponent(definition.name)}">${revealHidden(definition.display_name)}</a>
            <div class="quiet small">${pinned_version ? `pinned to version ${pinned_version}` : ''}</div>`
        : html`<span class="quiet">none</span>`,
  },
  {
    label: 'Address',
    cell: ({ adapter, adapter_type }) =>
      html`${adapter ? html`<code>${adapter}</code>` : html`<span class="quiet">none yet</span>`}
        <span class="quiet">${adapter_type}</span>`,
  },
  {
    label: 'Last connected',
    cell: ({ last_connected }) => (last_connected ? ago(last_connected) : 'never'),
    width: '10rem',
  },
];

/** The instruments that are bound to a computer. PyBirch finds these instruments on the computer. */
export class ComputerBindings extends LitElement {
  static override properties = { bindings: { attribute: false } };
  static override styles = [shared, sections];
  declare bindings: readonly Binding[];

  override render() {
    return html`<section class="card" aria-label="Instruments">
      <div class="head body"><h2>Instruments</h2></div>
      ${
        this.bindings.length === 0
          ? empty(
              'plug',
              'No instruments are bound to this computer',
              html`Bind one on the page of an <a href="/instruments">instrument</a>, or run
                <code>pybirch-registry bind NAME ADDRESS</code> on the computer.`,
            )
          : html`<registry-table caption="Instruments" .columns=${COLUMNS} .rows=${this.bindings}></registry-table>`
      }
    </section>`;
  }
}

customElements.define('computer-bindings', ComputerBindings);
