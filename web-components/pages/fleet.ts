import { Task } from '@lit/task';
import { html, nothing } from 'lit';
import { setQuery } from '../app/go.ts';
import { Page } from '../app/page.ts';
import { readDefinition } from '../data/definitions.ts';
import { LiveController } from '../data/events.ts';
import { type FleetComputer, listFleet } from '../data/fleet.ts';
import { listLabNames } from '../data/labs.ts';
import { badge } from '../elements/badge.ts';
import { errorList, lagBadge } from '../elements/fleet.ts';
import { empty } from '../elements/states.ts';
import '../elements/suggest.ts';
import type { Column } from '../elements/table.ts';
import { ago } from '../elements/time.ts';
import { sections } from '../styles/sections.ts';
import { shared } from '../styles/shared.ts';
import { suggestDefinitions } from './equipment/suggestions.ts';
import './fleet/adoption.ts';
import { choiceField, labChoices, searchField } from './list/fields.ts';
import { isNarrowed, listQuery } from './list/query.ts';
import { listOf } from './list/results.ts';

const FILTERS = ['q', 'lab_id', 'state'] as const;
const STATES = {
  behind: 'behind the newest version',
  errors: 'with errors',
  silent: 'not seen for a week',
};
/** How many outdated definitions are named for each computer. The page of the computer lists all of them. */
const NAMED = 4;

/** `/fleet?definition=…`: the versions on each computer, which of them are outdated, and errors. */
export class FleetPage extends Page {
  static override properties = { query: { attribute: false } };
  static override styles = [shared, sections];
  declare query: URLSearchParams;

  readonly #definition = new Task(this, {
    task: async ([name]) => (name ? await readDefinition(name) : undefined),
    args: () => [this.query.get('definition')] as const,
  });
  readonly #fleet = new Task(this, {
    task: async ([query]) => {
      const given = new URLSearchParams(query);
      const name = given.get('definition');
      const of = name ? { definition_id: (await readDefinition(name)).id } : {};
      return await listFleet({ ...listQuery(given, FILTERS), ...of });
    },
    args: () => [this.query.toString()] as const,
  });
  readonly #labs = new Task(this, { task: listLabNames, args: () => [] as const });
  readonly live = new LiveController(
    this,
    ['definition.landed', 'computer.changed'],
    () => void this.#fleet.run(),
  );

  get #columns(): Column<FleetComputer>[] {
    const labs = this.#labs.value ?? new Map<number, string>();
    const name = this.query.get('definition');
    return [
      {
        label: 'Computer',
        cell: ({ computer_name, nickname }) => html`<a
            href="/computers/${encodeURIComponent(computer_name)}"
            >${computer_name}</a
          >
          <div class="quiet small">${nickname}</div>`,
        width: '18%',
      },
      { label: 'Lab', cell: ({ lab_id }) => labs.get(lab_id) ?? nothing, width: '13%' },
      name
        ? {
            label: 'Version',
            cell: ({ installed, loaded }) =>
              html`${installed[name]} ${loaded[name] ? badge(`in use: ${loaded[name]}`, 'brand', 'pulse') : nothing}`,
            width: '10rem',
          }
        : {
            label: 'Definitions',
            cell: ({ installed }) => Object.keys(installed).length,
            align: 'end',
            width: '6rem',
          },
      { label: 'Behind', cell: behind },
      { label: 'Errors', cell: ({ errors }) => errorList(errors), width: '16%' },
      {
        label: 'Last seen',
        cell: ({ last_seen }) => (last_seen ? ago(last_seen) : 'never'),
        width: '9rem',
      },
    ];
  }

  override render() {
    const definition = this.#definition.value;
    return html`<div class="page">
      <header class="head"><h1 tabindex="-1">Fleet</h1></header>
      <div class="filters">
        ${searchField('Search computers', this.query)}
        ${choiceField('lab_id', 'Lab', 'all labs', labChoices(this.#labs.value ?? new Map()), this.query)}
        ${choiceField('state', 'State', 'any state', Object.entries(STATES), this.query)}
        <registry-suggest
          size="s"
          label="Definition"
          .value=${this.query.get('definition') ?? ''}
          .find=${suggestDefinitions}
          @change=${(event: Event) =>
            setQuery({
              definition: (event.target as HTMLElementTagNameMap['registry-suggest']).value.trim(),
              page: undefined,
            })}
        ></registry-suggest>
      </div>
      ${definition ? html`<fleet-adoption .definition=${definition} .query=${this.query}></fleet-adoption>` : nothing}
      ${listOf(this, this.#fleet, { caption: 'Computers', columns: this.#columns }, () => this.#nothing())}
    </div>`;
  }

  #nothing() {
    return isNarrowed(this.query, [...FILTERS, 'definition'])
      ? empty(
          'search',
          'No computers match',
          html`Change the filters, or <a href="/fleet">see the whole fleet</a>.`,
        )
      : empty(
          'pulse',
          'No computers yet',
          html`Enrolled <a href="/computers">computers</a> report their versions at each sync.`,
        );
  }
}

function behind({ lag, reported_at }: FleetComputer) {
  if (reported_at === null) return html`<span class="quiet">no report yet</span>`;
  if (lag.length === 0) return badge('up to date', 'success', 'check');
  const shown = [...lag].sort((a, b) => Number(b.revoked !== null) - Number(a.revoked !== null));
  return html`${shown
    .slice(0, NAMED)
    .map(
      (one) =>
        html`<p><a href="/fleet?definition=${encodeURIComponent(one.name)}">${one.name}</a> ${lagBadge(one)}</p>`,
    )}
    ${lag.length > NAMED ? html`<p class="quiet small">and ${lag.length - NAMED} more</p>` : nothing}`;
}

customElements.define('fleet-page', FleetPage);
