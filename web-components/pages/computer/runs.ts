import { Task } from '@lit/task';
import { html, LitElement, nothing } from 'lit';
import type { Binding } from '../../data/equipment.ts';
import { LiveController } from '../../data/events.ts';
import { type FleetComputer, listFleet } from '../../data/fleet.ts';
import { badge } from '../../elements/badge.ts';
import { complaintText } from '../../elements/fleet.ts';
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
  { label: 'Has version', cell: ({ installed }) => installed, align: 'end', width: '8rem' },
  {
    label: 'In use',
    cell: ({ loaded }) => (loaded === undefined ? nothing : `version ${loaded}`),
    width: '8rem',
  },
  { label: 'Newest', cell: ({ newest }) => newest ?? 'none', align: 'end', width: '7rem' },
  { label: 'Why', cell: why, width: '45%' },
];

function why({ newest, loaded, why }: Run) {
  switch (why.kind) {
    case 'newest':
      return badge('up to date', 'success', 'check');
    case 'revoked':
      return html`${badge('revoked', 'danger', 'alert')}
        <p class="small">${why.reason} ${
          newest === null
            ? 'No version stands: it gets none.'
            : `The next sync brings version ${newest}.`
        }</p>`;
    case 'pinned':
      return html`${badge('pinned', 'brand', 'lock')}
        <p class="small">
          It stays where ${why.instruments.map(
            ({ id, name }, index) =>
              html`${index > 0 ? ', ' : ''}<a href="/instruments/${id}">${name}</a>`,
          )}
          ${why.instruments.length === 1 ? 'is' : 'are'} pinned.
        </p>`;
    case 'not-fetched':
      return html`${badge('behind', 'warning', 'clock')}
        <p class="small">
          Version ${newest} comes with the next <code>pybirch-registry sync</code>. If there has been one since, it could
          not be fetched (the errors above), or the computer is pinned: <code>pybirch-registry list</code> says so there.
        </p>`;
    case 'not-reloaded':
      return html`${badge('older in use', 'neutral', 'clock')}
        <p class="small">Version ${newest} is there. What runs keeps version ${loaded} until it is started again.</p>`;
  }
}

/** What a computer has and runs, as it said at its last sync. */
export class ComputerRuns extends LitElement {
  static override properties = { name: {}, bindings: { attribute: false } };
  static override styles = [shared, sections];
  declare name: string;
  /** What pins of instruments are known from. */
  declare bindings: readonly Binding[];

  readonly #said = new Task(this, {
    task: async ([computer_name]) => (await listFleet({ computer_name })).items[0] ?? null,
    args: () => [this.name] as const,
  });
  readonly live = new LiveController(
    this,
    ['definition.landed', 'version.revoked', 'version.reinstated', 'computer.changed'],
    () => void this.#said.run(),
  );

  override render() {
    const reported = this.#said.value?.reported_at;
    return html`<section class="card" aria-label="Definitions">
      <div class="head body">
        <h2>What it runs</h2>
        ${reported ? html`<span class="quiet small">as it said ${ago(reported)}</span>` : nothing}
      </div>
      ${whenLoaded(this.#said, (said) =>
        said?.reported_at
          ? html`${this.#errors(said)}<registry-table caption="Definitions" .columns=${COLUMNS} .rows=${runsOf(said, this.bindings)}></registry-table>`
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

customElements.define('computer-runs', ComputerRuns);
