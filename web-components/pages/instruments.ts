import { Task } from '@lit/task';
import { revealHidden } from '../elements/reveal-hidden.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/input/input.js';
import { html, nothing } from 'lit';
import { goTo } from '../app/go.ts';
import { Page } from '../app/page.ts';
import {
  createInstrument,
  findDefinitionId,
  type Instrument,
  listInstruments,
} from '../data/equipment.ts';
import { LiveController } from '../data/events.ts';
import { listLabNames } from '../data/labs.ts';
import { SessionController } from '../data/session.ts';
import { confirm } from '../elements/confirm.ts';
import { icon } from '../elements/icon.ts';
import { empty } from '../elements/states.ts';
import '../elements/suggest.ts';
import type { Column } from '../elements/table.ts';
import { sections } from '../styles/sections.ts';
import { shared } from '../styles/shared.ts';
import { instrumentBadge, STATUSES } from './equipment/badges.ts';
import { labField, labIdOf, managedLabs } from './equipment/labs.ts';
import { suggestDefinitions } from './equipment/suggestions.ts';
import { choiceField, labChoices, searchField } from './list/fields.ts';
import { isNarrowed, listQuery } from './list/query.ts';
import { listOf } from './list/results.ts';

const FILTERS = ['q', 'status', 'lab_id'] as const;

/** `/instruments?q=…&status=…`: the instruments of the user's labs. */
export class InstrumentsPage extends Page {
  static override properties = { query: { attribute: false } };
  static override styles = [shared, sections];
  declare query: URLSearchParams;
  readonly #session = new SessionController(this);

  readonly #found = new Task(this, {
    task: ([query]) => listInstruments(listQuery(new URLSearchParams(query), FILTERS)),
    args: () => [this.query.toString()] as const,
  });
  readonly #labs = new Task(this, { task: listLabNames, args: () => [] as const });
  readonly #managed = new Task(this, {
    task: () => managedLabs(this.#session),
    args: () => [this.#session.me?.user.id] as const,
  });
  readonly live = new LiveController(
    this,
    ['binding.changed', 'instrument.changed'],
    () => void this.#found.run(),
  );

  readonly #columns: Column<Instrument>[] = [
    {
      label: 'Instrument',
      cell: ({
        id,
        name,
        manufacturer,
        model,
      }) => html`<a href="/instruments/${id}">${revealHidden(name)}</a>
        <div class="quiet small">${[manufacturer, model].filter(Boolean).join(' ')}</div>`,
    },
    { label: 'Definition', cell: definitionCell },
    {
      label: 'Computers',
      cell: ({ bindings }) =>
        bindings.map(
          ({ computer_name }, index) =>
            html`${index > 0 ? ', ' : ''}<a href="/computers/${encodeURIComponent(computer_name)}">${computer_name}</a>`,
        ),
    },
    { label: 'Location', cell: ({ location }) => location ?? nothing },
    { label: 'Status', cell: ({ status }) => instrumentBadge(status), width: '9rem' },
  ];

  override render() {
    const managed = this.#managed.value ?? [];
    return html`<div class="page">
      <header class="head">
        <h1 tabindex="-1">Instruments</h1>
        ${
          managed.length > 0
            ? html`<wa-button variant="brand" size="s" @click=${this.#create}>${icon('plus', 'start')} New instrument</wa-button>`
            : nothing
        }
      </header>
      <div class="filters">
        ${searchField('Search instruments', this.query)}
        ${choiceField('status', 'Status', 'any status', Object.entries(STATUSES), this.query)}
        ${choiceField('lab_id', 'Lab', 'all labs', labChoices(this.#labs.value ?? new Map()), this.query)}
      </div>
      ${listOf(this, this.#found, { caption: 'Instruments', columns: this.#columns }, () => this.#nothing(managed.length > 0))}
    </div>`;
  }

  #nothing(mayManage: boolean) {
    if (isNarrowed(this.query, FILTERS)) {
      return empty(
        'search',
        'No instruments match',
        html`Try fewer words, or <a href="/instruments">see all instruments</a>.`,
      );
    }
    return empty(
      'plug',
      'No instruments yet',
      mayManage
        ? html`Create an instrument here, or run <code>pybirch-registry bind NAME ADDRESS</code> on a lab computer.`
        : 'A lab admin can create instruments.',
    );
  }

  async #create() {
    const labs = this.#managed.value ?? [];
    let made: Instrument | undefined;
    await confirm({
      title: 'New instrument',
      text: html`<wa-input
          name="name"
          label="Name"
          hint="The usual name of the instrument in the lab"
          required
          maxlength="500"
        ></wa-input>
        <registry-suggest
          name="definition"
          label="Definition"
          hint="The name of the definition that drives the instrument. You can choose the definition later."
          .find=${suggestDefinitions}
        ></registry-suggest>
        ${labField(labs)}`,
      action: 'Create instrument',
      act: async (_reason, fields) => {
        const definition_id = await findDefinitionId(
          String(fields.get('definition')).trim() || null,
        );
        const lab_id = labIdOf(labs, fields);
        made = await createInstrument({ name: String(fields.get('name')), lab_id, definition_id });
      },
    });
    if (made) goTo(`/instruments/${made.id}`);
  }
}

function definitionCell({ definition, pinned_version }: Instrument) {
  if (!definition) return html`<span class="quiet">none</span>`;
  const version = pinned_version ? `pinned to version ${pinned_version}` : 'newest version';
  return html`<a href="/definitions/${encodeURIComponent(definition.name)}">${revealHidden(definition.display_name)}</a>
    <div class="quiet small">${version}</div>`;
}

customElements.define('instruments-page', InstrumentsPage);
