import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/radio/radio.js';
import '@awesome.me/webawesome/dist/components/radio-group/radio-group.js';
import { css, html, LitElement, nothing } from 'lit';
import { setQuery } from '../../app/go.ts';
import type { Definition } from '../../data/definitions.ts';
import { LiveController } from '../../data/events.ts';
import { type DefinitionFleet, readAdoption } from '../../data/fleet.ts';
import '../../elements/adoption-chart.ts';
import { badge } from '../../elements/badge.ts';
import { empty, whenLoaded } from '../../elements/states.ts';
import '../../elements/table.ts';
import type { Column } from '../../elements/table.ts';
import { sections } from '../../styles/sections.ts';
import { shared } from '../../styles/shared.ts';

const SPANS = { 30: '30 days', 90: '90 days', 365: '1 year' } as const;
const DEFAULT_SPAN = 90;

type Version = DefinitionFleet['versions'][number];

/** The use of one definition: its versions over time, and how many computers have each version today. */
export class FleetAdoption extends LitElement {
  static override properties = { definition: { attribute: false }, query: { attribute: false } };
  static override styles = [
    shared,
    sections,
    css`
      wa-radio-group::part(form-control-label) {
        display: none;
      }
    `,
  ];
  declare definition: Definition;
  declare query: URLSearchParams;

  readonly #adoption = new Task(this, {
    task: ([id, days]) => readAdoption(id, days),
    args: () => [this.definition.id, this.#days] as const,
  });
  readonly live = new LiveController(this, ['definition.landed'], () => void this.#adoption.run());

  get #days(): number {
    const days = Number(this.query.get('days'));
    return days in SPANS ? days : DEFAULT_SPAN;
  }

  get #columns(): Column<Version>[] {
    const { name, version } = this.definition;
    return [
      {
        label: 'Version',
        cell: (row) => html`<a
            href="/definitions/${encodeURIComponent(name)}?version=${row.version}"
            >${row.version}</a
          >
          ${row.version === version ? badge('newest', 'success', 'check') : nothing}
          ${row.revoked === null ? nothing : html`${badge('revoked', 'danger', 'alert')} <span class="small">${row.revoked}</span>`}`,
      },
      { label: 'Computers', cell: ({ installed }) => installed, align: 'end', width: '8rem' },
      { label: 'In use', cell: ({ loaded }) => loaded, align: 'end', width: '8rem' },
    ];
  }

  override render() {
    const { name, display_name } = this.definition;
    return html`<section class="card body" aria-label="Adoption">
      <div class="head">
        <h2>${display_name} <a class="small" href="/definitions/${encodeURIComponent(name)}">${name}</a></h2>
        <wa-radio-group
          label="Time span"
          orientation="horizontal"
          size="s"
          .value=${String(this.#days)}
          @change=${(event: Event) => setQuery({ days: (event.target as HTMLInputElement).value })}
        >
          ${Object.entries(SPANS).map(([days, label]) => html`<wa-radio appearance="button" value=${days}>${label}</wa-radio>`)}
        </wa-radio-group>
      </div>
      ${whenLoaded(this.#adoption, ({ versions, history }) =>
        versions.length === 0
          ? empty(
              'pulse',
              'Not installed on any computer that you can see',
              'Computers report their versions at each sync.',
            )
          : html`<adoption-chart .name=${name} .days=${history}></adoption-chart>
              <registry-table caption="Versions of ${name}" .columns=${this.#columns} .rows=${versions}></registry-table>`,
      )}
    </section>`;
  }
}

customElements.define('fleet-adoption', FleetAdoption);
