import { Task } from '@lit/task';
import { revealHidden } from '../../elements/reveal-hidden.ts';
import '@awesome.me/webawesome/dist/components/input/input.js';
import { html, nothing } from 'lit';
import { readDefinition } from '../../data/definitions.ts';
import { changeInstrument, type Instrument } from '../../data/equipment.ts';
import { EditableCard } from '../../elements/editable.ts';
import '../../elements/suggest.ts';
import { suggestDefinitions } from '../equipment/suggestions.ts';

/** The definition of an instrument and its pinned version. */
export class InstrumentDefinition extends EditableCard {
  static override properties = {
    instrument: { attribute: false },
    chosen: { state: true },
  };
  readonly heading = 'Definition';
  declare instrument: Instrument;
  /** The name of a definition that the user typed in the form. */
  declare chosen: string;

  /** The definition with the name that the user typed. */
  readonly #named = new Task(this, {
    task: async ([name]) => (name ? await readDefinition(name) : undefined),
    args: () => [this.editing ? this.chosen : undefined] as const,
  });

  protected view() {
    const { definition, definition_id, pinned_version } = this.instrument;
    if (definition_id === null) {
      return html`<p class="quiet">No definition. Computers can create this instrument only from a file-based class.</p>`;
    }
    if (!definition)
      return html`<p class="quiet">You may not see the definition of this instrument.</p>`;
    const { name, display_name, version } = definition;
    return html`<p>
        <a href="/definitions/${encodeURIComponent(name)}">${revealHidden(display_name)}</a> <code class="quiet">${name}</code>
      </p>
      <p>
        ${
          pinned_version === null
            ? `Computers get the newest version${version ? ` (now version ${version})` : ''}.`
            : `Pinned to version ${pinned_version}.${version && version > pinned_version ? ` The newest version is ${version}.` : ''}`
        }
      </p>`;
  }

  protected override async edit() {
    this.chosen = this.instrument.definition?.name ?? '';
    await super.edit();
  }

  protected fields() {
    const { definition, pinned_version } = this.instrument;
    const pinned = this.chosen === definition?.name ? pinned_version : null;
    return html`<registry-suggest
        name="definition"
        label="Definition"
        hint="The name of the class. Leave empty for no definition."
        .value=${this.chosen}
        .find=${suggestDefinitions}
        @change=${(event: Event) => {
          this.chosen = (event.target as HTMLElementTagNameMap['registry-suggest']).value.trim();
        }}
      ></registry-suggest>
      <registry-problem .error=${this.#named.error}></registry-problem>
      <wa-input
        type="number"
        name="pinned_version"
        label="Pinned to version"
        placeholder="newest"
        hint="A pinned instrument stays at this version when a new version lands. If the pinned version is revoked, the instrument gets the newest version."
        min="1"
        max=${this.#named.value?.version ?? nothing}
        step="1"
        with-clear
        .value=${String(pinned ?? '')}
      ></wa-input>`;
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
