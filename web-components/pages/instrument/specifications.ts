import '@awesome.me/webawesome/dist/components/textarea/textarea.js';
import { html } from 'lit';
import { changeInstrument, type Instrument } from '../../data/equipment.ts';
import { EditableCard } from '../../elements/editable.ts';
import { objectOf } from '../equipment/json.ts';

const PARTS = {
  specifications: ['Specifications', 'From the data sheet'],
  extra_data: ['Additional data', 'Data for the lab’s own programs'],
} as const;
type Part = keyof typeof PARTS;

/** The specifications and additional data of an instrument. Both are JSON objects. */
export class InstrumentSpecifications extends EditableCard {
  static override properties = { instrument: { attribute: false } };
  readonly heading = 'Specifications and data';
  declare instrument: Instrument;

  protected view() {
    const given = Object.keys(PARTS).flatMap((part) =>
      Object.entries(this.instrument[part as Part]),
    );
    if (given.length === 0) return html`<p class="quiet">No specifications or data.</p>`;
    return html`<dl class="facts">
      ${given.map(([key, value]) => html`<dt>${key}</dt><dd>${typeof value === 'string' ? value : JSON.stringify(value)}</dd>`)}
    </dl>`;
  }

  protected fields() {
    return Object.entries(PARTS).map(
      ([part, [label, hint]]) =>
        html`<wa-textarea
          name=${part}
          label=${label}
          hint=${`${hint}, as JSON`}
          rows="6"
          resize="auto"
          spellcheck="false"
          .defaultValue=${JSON.stringify(this.instrument[part as Part], null, 2)}
        ></wa-textarea>`,
    );
  }

  protected async save(fields: FormData) {
    await changeInstrument(this.instrument.id, {
      specifications: objectIn(fields, 'specifications'),
      extra_data: objectIn(fields, 'extra_data'),
    });
  }
}

const objectIn = (fields: FormData, part: Part) =>
  objectOf(String(fields.get(part)), PARTS[part][0]);

customElements.define('instrument-specifications', InstrumentSpecifications);
