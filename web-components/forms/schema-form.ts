import '@awesome.me/webawesome/dist/components/checkbox/checkbox.js';
import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import '@awesome.me/webawesome/dist/components/textarea/textarea.js';
import { css, html, LitElement, nothing } from 'lit';
import { ifDefined } from 'lit/directives/if-defined.js';
import { shared } from '../styles/shared.ts';
import { type Field, fieldsOf, type Schema, type Values } from './schema-fields.ts';

export class ValuesEvent extends Event {
  readonly values: Values;
  constructor(values: Values) {
    super('values-change');
    this.values = values;
  }
}

/**
 * A form for a JSON Schema, with inputs for numbers with bounds, choices, switches, texts and groups. The user enters
 * other values as JSON.
 *
 * @fires {ValuesEvent} values-change - A value has changed; the event carries all values.
 */
export class RegistrySchemaForm extends LitElement {
  static override properties = { schema: { attribute: false }, values: { attribute: false } };
  static override styles = [
    shared,
    css`
      :host,
      fieldset {
        display: grid;
        gap: var(--wa-space-s);
      }
      fieldset {
        margin: 0;
        padding: var(--wa-space-s);
        border: 1px solid var(--wa-color-surface-border);
        border-radius: var(--wa-border-radius-m);
        min-inline-size: 0;
      }
      legend {
        padding-inline: var(--wa-space-2xs);
        font-weight: var(--wa-font-weight-semibold);
      }
    `,
  ];

  declare schema: Schema;
  declare values: Values;

  constructor() {
    super();
    this.schema = {};
    this.values = {};
  }

  override render() {
    const fields = fieldsOf(this.schema);
    return fields.length === 0
      ? html`<p class="quiet">The schema has no settings.</p>`
      : fields.map((field) => this.#field(field));
  }

  #field(field: Field): unknown {
    const { name, label, description, kind } = field;
    const value = this.values[name] ?? field.default;
    if (kind === 'group') {
      const change = (event: ValuesEvent) => {
        event.stopPropagation();
        this.#set(name, event.values);
      };
      return html`<fieldset>
        <legend>${label}</legend>
        <registry-schema-form
          .schema=${field.schema}
          .values=${(value ?? {}) as Values}
          @values-change=${change}
        ></registry-schema-form>
      </fieldset>`;
    }
    if (kind === 'switch') {
      return html`<wa-checkbox
        size="s"
        hint=${description}
        ?checked=${value === true}
        @change=${(event: Event) => this.#set(name, (event.target as HTMLInputElement).checked)}
        >${label}</wa-checkbox
      >`;
    }
    if (kind === 'choice') return this.#choice(field, value);
    const text = (event: Event) => (event.target as HTMLInputElement).value;
    if (kind === 'json') {
      return html`<wa-textarea
        size="s"
        rows="2"
        label=${`${label} (JSON)`}
        hint=${description}
        .value=${value === undefined ? '' : JSON.stringify(value)}
        @change=${(event: Event) => this.#setJson(event.target as HTMLInputElement, name)}
      ></wa-textarea>`;
    }
    const isNumber = kind === 'number' || kind === 'integer';
    return html`<wa-input
      size="s"
      label=${label}
      hint=${description}
      type=${isNumber ? 'number' : 'text'}
      step=${isNumber ? (kind === 'integer' ? '1' : 'any') : nothing}
      min=${ifDefined(field.minimum)}
      max=${ifDefined(field.maximum)}
      without-spin-buttons
      .value=${value === undefined || value === null ? '' : String(value)}
      @change=${(event: Event) => this.#set(name, isNumber ? numberOf(text(event)) : text(event))}
    ></wa-input>`;
  }

  #choice({ name, label, description, choices = [] }: Field, value: unknown) {
    const chosen = choices.indexOf(value);
    return html`<wa-select
      size="s"
      label=${label}
      hint=${description}
      .value=${chosen === -1 ? '' : String(chosen)}
      @change=${(event: Event) => this.#set(name, choices[Number((event.target as HTMLInputElement).value)])}
    >
      ${choices.map((choice, index) => html`<wa-option value=${index}>${typeof choice === 'string' ? choice : JSON.stringify(choice)}</wa-option>`)}
    </wa-select>`;
  }

  #setJson(input: HTMLInputElement, name: string) {
    try {
      this.#set(name, input.value === '' ? undefined : JSON.parse(input.value));
      input.setCustomValidity('');
    } catch (error) {
      // The user's JSON is incomplete, so the field has no value yet. The field reports the error.
      input.setCustomValidity((error as Error).message);
    }
  }

  #set(name: string, value: unknown) {
    const { [name]: _, ...others } = this.values;
    this.values = value === undefined ? others : { ...others, [name]: value };
    this.dispatchEvent(new ValuesEvent(this.values));
  }
}

function numberOf(text: string): number | undefined {
  const value = Number(text);
  return text.trim() === '' || Number.isNaN(value) ? undefined : value;
}

customElements.define('registry-schema-form', RegistrySchemaForm);

declare global {
  interface HTMLElementTagNameMap {
    'registry-schema-form': RegistrySchemaForm;
  }
}
