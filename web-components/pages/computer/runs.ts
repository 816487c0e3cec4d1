import { Task } from '@lit/task';
import { html, LitElement, nothing } from 'lit';
import { LiveController } from '../../data/events.ts';
import { type FleetComputer, listFleet } from '../../data/fleet.ts';
import { badge } from '../../elements/badge.ts';
import { complaintText, lagBadge } from '../../elements/fleet.ts';
import { icon } from '../../elements/icon.ts';
import { empty, whenLoaded } from '../../elements/states.ts';
import '../../elements/table.ts';
import type { Column } from '../../elements/table.ts';
import { ago } from '../../elements/time.ts';
import { sections } from '../../styles/sections.ts';
import { shared } from '../../styles/shared.ts';

interface Installed {
  name: string;
  version: number;
  loaded: number | undefined;
  lag: FleetComputer['lag'][number] | undefined;
}

const COLUMNS: Column<Installed>[] = [
  {
    label: 'Definition',
    cell: ({ name }) => html`<a href="/definitions/${encodeURIComponent(name)}">${name}</a>`,
  },
  { label: 'Version', cell: ({ version }) => version, align: 'end', width: '7rem' },
  {
    label: 'In use',
    cell: ({ loaded }) => (loaded === undefined ? nothing : `version ${loaded}`),
    width: '8rem',
  },
  {
    label: 'State',
    cell: ({ lag }) => (lag ? lagBadge(lag) : badge('up to date', 'success', 'check')),
  },
];

/** What a computer has and runs, as it said at its last sync. */
export class ComputerRuns extends LitElement {
  static override properties = { name: {} };
  static override styles = [shared, sections];
  declare name: string;

  readonly #said = new Task(this, {
    task: async ([computer_name]) => (await listFleet({ computer_name })).items[0] ?? null,
    args: () => [this.name] as const,
  });
  readonly live = new LiveController(this, ['definition.landed'], () => void this.#said.run());

  override render() {
    const reported = this.#said.value?.reported_at;
    return html`<section class="card" aria-label="Definitions">
      <div class="head body">
        <h2>What it runs</h2>
        ${reported ? html`<span class="quiet small">as it said ${ago(reported)}</span>` : nothing}
      </div>
      ${whenLoaded(this.#said, (said) =>
        said?.reported_at
          ? html`${this.#errors(said)}<registry-table caption="Definitions" .columns=${COLUMNS} .rows=${rows(said)}></registry-table>`
          : empty(
              'pulse',
              'It has not said yet what it runs',
              html`It does at its first <code>pybirch-registry sync</code>.`,
            ),
      )}
    </section>`;
  }

  #errors({ errors }: FleetComputer) {
    if (errors.length === 0) return nothing;
    return html`<ul class="body" aria-label="Errors">
      ${errors.map((error) => html`<li>${icon('alert')} ${complaintText(error)}</li>`)}
    </ul>`;
  }
}

const rows = ({ installed, loaded, lag }: FleetComputer): Installed[] =>
  Object.entries(installed).map(([name, version]) => ({
    ...{ name, version, loaded: loaded[name] },
    lag: lag.find((one) => one.name === name),
  }));

customElements.define('computer-runs', ComputerRuns);
