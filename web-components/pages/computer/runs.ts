import { Task } from '@lit/task';
import { html, LitElement, nothing } from 'lit';
import type { Binding } from '../../data/equipment.ts';
import { LiveController } from '../../data/events.ts';
import { type FleetComputer, listFleet } from '../../data/fleet.ts';
import { badge } from '../../elements/badge.ts';
import { errorText } from '../../elements/fleet.ts';
import { icon } from '../../elements/icon.ts';
import { empty, whenLoaded } from '../../elements/states.ts';
import '../../elements/table.ts';
import type { Column } from '../../elements/table.ts';
import { ago } from '../../elements/time.ts';
import { sections } from '../../styles/sections.ts';
import { shared } from '../../styles/shared.ts';
import { type Run, runsOf } from './why.ts';

const COLUMNS: Column<Run>[] = [
  {
    label: 'Definition',
    cell: ({ name }) => html`<a href="/definitions/${encodeURIComponent(name)}">${name}</a>`,
  },
  { label: 'Installed', cell: ({ installed }) => installed, align: 'end', width: '8rem' },
  {
    label: 'In use',
    cell: ({ loaded }) => (loaded === undefined ? nothing : `version ${loaded}`),
    width: '8rem',
  },
  { label: 'Newest', cell: ({ newest }) => newest ?? 'none', align: 'end', width: '7rem' },
  { label: 'Status', cell: status, width: '45%' },
];

function status({ newest, loaded, why }: Run) {
  switch (why.kind) {
    case 'newest':
      return badge('up to date', 'success', 'check');
    case 'revoked':
      return html`${badge('revoked', 'danger', 'alert')}
        <p class="small">${why.reason} ${
          newest === null
            ? 'No other version is available.'
            : `The next sync installs version ${newest}.`
        }</p>`;
    case 'pinned':
      return html`${badge('pinned', 'brand', 'lock')}
        <p class="small">
          Pinned by ${why.instruments.map(
            ({ id, name }, index) =>
              html`${index > 0 ? ', ' : ''}<a href="/instruments/${id}">${name}</a>`,
          )}.
        </p>`;
    case 'not-fetched':
      return html`${badge('behind', 'warning', 'clock')}
        <p class="small">
          The next <code>pybirch-registry sync</code> installs version ${newest}. If the computer has synced since this
          version landed, then either it could not fetch the version (see the errors above) or the computer is pinned (run
          <code>pybirch-registry list</code> there to see).
        </p>`;
    case 'not-reloaded':
      return html`${badge('older version in use', 'neutral', 'clock')}
        <p class="small">Version ${newest} is installed. Running programs keep version ${loaded} until they restart.</p>`;
  }
}

/** The versions that a computer has installed and in use, from its last report. */
export class ComputerRuns extends LitElement {
  static override properties = { name: {}, bindings: { attribute: false } };
  static override styles = [shared, sections];
  declare name: string;
  /**
   * The bindings of the computer. Bindings show whether an older version is in use because an instrument is pinned to
   * it.
   */
  declare bindings: readonly Binding[];

  readonly #report = new Task(this, {
    task: async ([computer_name]) => (await listFleet({ computer_name })).items[0] ?? null,
    args: () => [this.name] as const,
  });
  readonly live = new LiveController(
    this,
    ['definition.landed', 'version.revoked', 'version.reinstated', 'computer.changed'],
    () => void this.#report.run(),
  );

  override render() {
    const reported = this.#report.value?.reported_at;
    return html`<section class="card" aria-label="Definitions">
      <div class="head body">
        <h2>Definitions</h2>
        ${reported ? html`<span class="quiet small">reported ${ago(reported)}</span>` : nothing}
      </div>
      ${whenLoaded(this.#report, (report) =>
        report?.reported_at
          ? html`${this.#errors(report)}<registry-table caption="Definitions" .columns=${COLUMNS} .rows=${runsOf(report, this.bindings)}></registry-table>`
          : empty(
              'pulse',
              'No report yet',
              html`The computer reports its versions at its first <code>pybirch-registry sync</code>.`,
            ),
      )}
    </section>`;
  }

  #errors({ errors }: FleetComputer) {
    if (errors.length === 0) return nothing;
    return html`<ul class="body" aria-label="Errors">
      ${errors.map((error) => html`<li>${icon('alert')} ${errorText(error)}</li>`)}
    </ul>`;
  }
}

customElements.define('computer-runs', ComputerRuns);
