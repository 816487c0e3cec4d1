import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import { html } from 'lit';
import { listVersions, readDefinition } from '../../data/definitions.ts';
import { changeInstrument, type Instrument } from '../../data/equipment.ts';
import { EditableCard } from '../../elements/editable.ts';
import '../../elements/suggest.ts';
import { suggestDefinitions } from '../equipment/suggestions.ts';

/** Which definition drives an instrument, and at which version. */
export class InstrumentDefinition extends EditableCard {
  static override properties = {
    instrument: { attribute: false },
    chosen: { state: true },
  };
  readonly heading = 'Definition';
  declare instrument: Instrument;
  /** The name that stands in the form. */
  declare chosen: string;

  /** What the name in the form means; its versions can be pinned. */
  readonly #named = new Task(this, {
    task: async ([name]) => {
      if (!name) return undefined;
      const { id } = await readDefinition(name);
      return { id, name, versions: (await listVersions(id)).items };
    },
    args: () => [this.editing ? this.chosen : undefined] as const,
  });

  protected view() {
    const { definition, definition_id, pinned_version } = this.instrument;
    if (definition_id === null) {
      return html`<p class="quiet">None: a computer that it is bound to creates it from a file-based class, if there is one.</p>`;
    }
    if (!definition) return html`<p class="quiet">One that you may not see.</p>`;
    const { name, display_name, version } = definition;
    return html`<p>
        <a href="/definitions/${encodeURIComponent(name)}">${display_name}</a> <code class="quiet">${name}</code>
      </p>
      <p>
        ${
          pinned_version === null
            ? `Computers get the newest version${version ? `, now version ${version}` : ''}.`
            : `Pinned: computers stay at version ${pinned_version}${version && version > pinned_version ? `, though there is version ${version}` : ''}.`
        }
      </p>`;
  }

  protected override async edit() {
    this.chosen = this.instrument.definition?.name ?? '';
    await super.edit();
  }

  protected fields() {
    const named = this.#named.value;
    const isSame = named?.id === this.instrument.definition_id;
    const pinned = isSame ? this.instrument.pinned_version : null;
    return html`<registry-suggest
        name="definition"
        label="Definition"
        hint="The name of its class; empty for none"
        .value=${this.chosen}
        .find=${suggestDefinitions}
        @change=${(event: Event) => {
          this.chosen = (event.target as HTMLElementTagNameMap['registry-suggest']).value.trim();
        }}
      ></registry-suggest>
      <registry-problem .error=${this.#named.error}></registry-problem>
      <wa-select
        name="pinned_version"
        label="Version"
        hint="A pinned instrument stays where it is, whatever lands. If the version is revoked it gets the newest."
        .value=${String(pinned ?? '')}
      >
        <wa-option value="">The newest</wa-option>
        ${named?.versions.map(({ version, change_summary }) => html`<wa-option value=${String(version)}>${version}: ${change_summary}</wa-option>`)}
      </wa-select>`;
  }

  protected async save(fields: FormData) {
    const name = String(fields.get('definition')).trim();
    const definition_id = name === '' ? null : (await readDefinition(name)).id;
    const version = Number(fields.get('pinned_version'));
    await changeInstrument(this.instrument.id, {
      definition_id,
      pinned_version: definition_id !== null && version > 0 ? version : null,
    });
  }
}

customElements.define('instrument-definition', InstrumentDefinition);
