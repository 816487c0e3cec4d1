/** The form fields of a binding and its settings. */
import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import '@awesome.me/webawesome/dist/components/switch/switch.js';
import '@awesome.me/webawesome/dist/components/textarea/textarea.js';
import { html } from 'lit';
import type { JsonObject } from '../../../registry/schemas/common.ts';
import type { Binding, BindingChange } from '../../data/equipment.ts';
import { textOf } from '../../elements/editable.ts';
import type { Values } from '../../forms/schema-fields.ts';
import '../../forms/schema-form.ts';
import type { ValuesEvent } from '../../forms/schema-form.ts';
import { objectOf } from './json.ts';

const TYPES = ['GPIB', 'USB', 'Serial', 'TCP'];

export function bindingFields(isPrimary: boolean, binding?: Binding) {
  const type = binding?.adapter_type ?? '';
  const types = type === '' || TYPES.includes(type) ? TYPES : [...TYPES, type];
  return html`<wa-input
      name="adapter"
      label="Address"
      hint="VISA address, for example GPIB::8::INSTR. The computer can also report it."
      maxlength="500"
      spellcheck="false"
      autocapitalize="off"
      .defaultValue=${binding?.adapter ?? ''}
    ></wa-input>
    <wa-select name="adapter_type" label="Connection" placeholder="not set" with-clear .value=${type}>
      ${types.map((one) => html`<wa-option value=${one}>${one}</wa-option>`)}
    </wa-select>
    <wa-switch
      name="is_primary"
      value="true"
      hint="An instrument has at most one primary computer"
      .defaultChecked=${isPrimary}
      >Primary computer</wa-switch
    >`;
}

export const bindingOf = (fields: FormData): BindingChange => ({
  adapter: textOf(fields, 'adapter'),
  adapter_type: textOf(fields, 'adapter_type'),
  is_primary: fields.has('is_primary'),
});

export interface EditedSettings {
  fields: unknown;
  /** The values in the form, or undefined if the user edits the settings as JSON. */
  values: Values | undefined;
}

/** A form for the settings schema of the definition, or a text area for JSON if there is no schema. */
export function settingsFields(schema: Values | null, settings: Values): EditedSettings {
  if (!schema) {
    const fields = html`<wa-textarea
      name="settings"
      label="Settings"
      hint="JSON, because the definition has no settings schema"
      rows="8"
      resize="auto"
      spellcheck="false"
      .defaultValue=${JSON.stringify(settings, null, 2)}
    ></wa-textarea>`;
    return { fields, values: undefined };
  }
  const edited: EditedSettings = { fields: undefined, values: settings };
  edited.fields = html`<registry-schema-form
    .schema=${schema}
    .values=${settings}
    @values-change=${(event: ValuesEvent) => {
      edited.values = event.values;
      (event.currentTarget as HTMLElementTagNameMap['registry-schema-form']).values = event.values;
    }}
  ></registry-schema-form>`;
  return edited;
}

/** The settings that the user entered. Throws a problem if the JSON of the settings is invalid. */
export const settingsOf = ({ values }: EditedSettings, fields: FormData): JsonObject =>
  (values as JsonObject | undefined) ?? objectOf(String(fields.get('settings')), 'Settings');
