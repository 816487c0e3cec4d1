import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import { html } from 'lit';
import { changeInstrument, type Instrument } from '../../data/equipment.ts';
import { EditableCard, textOf } from '../../elements/editable.ts';
import { ago } from '../../elements/time.ts';
import { STATUSES } from '../equipment/badges.ts';

/** The text fields of an instrument, each with its label and hint. */
const FIELDS = {
  instrument_type: ['Type', 'For example, “lock-in amplifier”'],
  manufacturer: ['Manufacturer', ''],
  model: ['Model', ''],
  serial_number: ['Serial number', ''],
  location: ['Location', ''],
  adapter: [
    'Address',
    'The usual address, for example GPIB::8::INSTR. A binding can have another address.',
  ],
  pybirch_class: [
    'PyBirch class',
    'The class in PyBirch, if the driver comes from a file instead of a definition',
  ],
} as const;
type Field = keyof typeof FIELDS;

/** The facts about an instrument. */
export class InstrumentFacts extends EditableCard {
  static override properties = { instrument: { attribute: false } };
  readonly heading = 'Details';
  declare instrument: Instrument;

  protected view() {
    const { instrument } = this;
    return html`<dl class="facts">
      ${Object.entries(FIELDS).map(([field, [label]]) => html`<dt>${label}</dt><dd>${instrument[field as Field] ?? '–'}</dd>`)}
      <dt>Updated</dt>
      <dd>${ago(instrument.updated_at)}</dd>
    </dl>`;
  }

  protected fields() {
    const { instrument } = this;
    return html`<wa-input name="name" label="Name" required maxlength="500" .defaultValue=${instrument.name}></wa-input>
      <wa-select name="status" label="Status" .value=${instrument.status}>
        ${Object.entries(STATUSES).map(([value, label]) => html`<wa-option value=${value}>${label}</wa-option>`)}
      </wa-select>
      ${Object.entries(FIELDS).map(
        ([field, [label, hint]]) =>
          html`<wa-input name=${field} label=${label} hint=${hint} maxlength="500" .defaultValue=${instrument[field as Field] ?? ''}></wa-input>`,
      )}`;
  }

  protected async save(fields: FormData) {
    const texts = Object.keys(FIELDS).map((field) => [field, textOf(fields, field)]);
    await changeInstrument(this.instrument.id, {
      name: textOf(fields, 'name') ?? '',
      status: String(fields.get('status')) as Instrument['status'],
      ...Object.fromEntries(texts),
    });
  }
}

customElements.define('instrument-facts', InstrumentFacts);
