import '@awesome.me/webawesome/dist/components/button/button.js';
import { html, LitElement, nothing } from 'lit';
import { readDefinition } from '../../data/definitions.ts';
import {
  type Binding,
  bind,
  changeBinding,
  type Instrument,
  unbind,
} from '../../data/equipment.ts';
import { badge } from '../../elements/badge.ts';
import { confirm, type Question } from '../../elements/confirm.ts';
import { icon } from '../../elements/icon.ts';
import { menu } from '../../elements/menu.ts';
import { empty } from '../../elements/states.ts';
import '../../elements/suggest.ts';
import '../../elements/table.ts';
import type { Column } from '../../elements/table.ts';
import { ago } from '../../elements/time.ts';
import { sections } from '../../styles/sections.ts';
import { shared } from '../../styles/shared.ts';
import {
  bindingFields,
  bindingOf,
  settingsFields,
  settingsOf,
} from '../equipment/binding-fields.ts';
import { suggestComputers } from '../equipment/suggestions.ts';

/**
 * The computers to which an instrument is bound, each with the instrument's address on that computer.
 *
 * @fires changed - A binding was created, changed or deleted.
 */
export class InstrumentBindings extends LitElement {
  static override properties = {
    instrument: { attribute: false },
    bindings: { attribute: false },
    mayManage: { type: Boolean },
  };
  static override styles = [shared, sections];

  declare instrument: Instrument;
  declare bindings: readonly Binding[];
  declare mayManage: boolean;

  get #columns(): Column<Binding>[] {
    const columns: Column<Binding>[] = [
      {
        label: 'Computer',
        cell: ({ computer_name, nickname, is_primary }) => html`<a
            href="/computers/${encodeURIComponent(computer_name)}"
            >${computer_name}</a
          >
          ${is_primary ? badge('primary', 'brand') : nothing}
          <div class="quiet small">${nickname}</div>`,
      },
      {
        label: 'Address',
        cell: ({ adapter, adapter_type }) =>
          html`${adapter ? html`<code>${adapter}</code>` : html`<span class="quiet">none yet</span>`}
            ${adapter_type ? html`<span class="quiet">${adapter_type}</span>` : nothing}`,
      },
      {
        label: 'Last connected',
        cell: ({ last_connected }) => (last_connected ? ago(last_connected) : 'never'),
        width: '10rem',
      },
      {
        label: 'Settings',
        cell: ({ last_settings }) => Object.keys(last_settings).length,
        align: 'end',
        width: '6rem',
      },
    ];
    if (!this.mayManage) return columns;
    return [
      ...columns,
      {
        label: 'Actions',
        hideLabel: true,
        cell: (binding) => this.#menu(binding),
        align: 'end',
        width: '4rem',
      },
    ];
  }

  override render() {
    return html`<section class="card" aria-label="Bindings">
      <div class="head body">
        <h2 tabindex="-1">Bindings</h2>
        ${
          this.mayManage
            ? html`<wa-button size="s" appearance="outlined" @click=${this.#bind}>${icon('plug', 'start')} Bind to a computer</wa-button>`
            : nothing
        }
      </div>
      ${
        this.bindings.length === 0
          ? empty(
              'plug',
              'Not bound to any computer',
              'Bind the instrument to a computer. PyBirch on that computer then finds the instrument with its address and last settings.',
            )
          : html`<registry-table caption="Bindings" .columns=${this.#columns} .rows=${this.bindings}></registry-table>`
      }
    </section>`;
  }

  #menu(binding: Binding) {
    return menu(`Actions for the binding to ${binding.computer_name}`, [
      { label: 'Edit…', icon: 'pencil', act: () => this.#edit(binding) },
      { label: 'Settings…', icon: 'filter', act: () => this.#settings(binding) },
      { label: 'Unbind…', icon: 'trash', danger: true, act: () => this.#unbind(binding) },
    ]);
  }

  async #bind() {
    const { id, name, lab_id } = this.instrument;
    await this.#ask({
      title: `Bind ${name} to a computer`,
      text: html`<registry-suggest
          name="computer"
          label="Computer"
          hint="The name of the computer. If the computer is not enrolled yet, it is added to the list."
          required
          .find=${suggestComputers(lab_id)}
        ></registry-suggest>
        ${bindingFields(this.bindings.length === 0)}`,
      action: 'Bind',
      act: async (_reason, fields) =>
        await bind(id, String(fields.get('computer')).trim(), bindingOf(fields)),
    });
  }

  async #edit(binding: Binding) {
    await this.#ask({
      title: `${this.instrument.name} on ${binding.computer_name}`,
      text: bindingFields(binding.is_primary, binding),
      action: 'Save',
      act: async (_reason, fields) => await changeBinding(binding.id, bindingOf(fields)),
    });
  }

  async #settings(binding: Binding) {
    const { definition } = this.instrument;
    const schema = definition ? (await readDefinition(definition.name)).settings_schema : null;
    const edited = settingsFields(schema, binding.last_settings);
    await this.#ask({
      title: `Settings of ${this.instrument.name} on ${binding.computer_name}`,
      text: html`<p class="quiet small">The computer applies these settings when it next creates the instrument.</p>
        ${edited.fields}`,
      action: 'Save',
      act: async (_reason, fields) =>
        await changeBinding(binding.id, { last_settings: settingsOf(edited, fields) }),
    });
  }

  async #unbind({ id, computer_name }: Binding) {
    const gone = await this.#ask({
      title: `Unbind ${this.instrument.name} from ${computer_name}`,
      text: 'The computer no longer finds the instrument. The address and last settings of the instrument on this computer are deleted, but the audit trail keeps them.',
      action: 'Unbind',
      danger: true,
      act: async () => await unbind(id),
    });
    // The table row that had the focus is gone, so focus the heading.
    if (gone) this.renderRoot.querySelector('h2')?.focus();
  }

  async #ask(question: Question) {
    const done = await confirm(question);
    if (done) this.dispatchEvent(new Event('changed'));
    return done;
  }
}

customElements.define('instrument-bindings', InstrumentBindings);
