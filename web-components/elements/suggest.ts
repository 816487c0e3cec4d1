import { css, html, LitElement, nothing } from 'lit';
import { shared } from '../styles/shared.ts';

export interface Suggestion {
  value: string;
  /** A description beside the value. */
  label?: string;
}

/** How long to wait after the last key before asking for suggestions, in milliseconds. */
const PAUSE = 150;

/**
 * A text field that shows suggestions while the user types. The field consists of the native input and datalist, and
 * takes part in forms.
 *
 * @fires change - The value has changed.
 */
export class RegistrySuggest extends LitElement {
  static readonly formAssociated = true;
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override properties = {
    name: { reflect: true },
    label: {},
    hint: {},
    value: {},
    required: { type: Boolean },
    size: { reflect: true },
    find: { attribute: false },
    found: { state: true },
  };
  static override styles = [
    shared,
    css`
      :host([size="s"]) {
        font-size: var(--wa-font-size-s);
      }
      label {
        display: block;
        margin-block-end: var(--wa-space-3xs);
        font-weight: var(--wa-form-control-label-font-weight);
      }
      label.required::after {
        content: "*";
      }
      input {
        inline-size: 100%;
        padding: 0.5em 0.75em;
        border: 1px solid var(--wa-form-control-border-color);
        border-radius: var(--wa-form-control-border-radius);
        background: var(--wa-form-control-background-color);
        color: var(--wa-form-control-value-color);
        font: inherit;
      }
      :host([size="s"]) input {
        padding-block: 0.25em;
      }
      p {
        margin-block-start: var(--wa-space-2xs);
        color: var(--wa-form-control-hint-color);
        font-size: var(--wa-font-size-s);
      }
    `,
  ];

  declare name: string;
  declare label: string;
  declare hint: string | undefined;
  declare value: string;
  declare required: boolean;
  /** The size; `s` makes the field as high as a small input. */
  declare size: 's' | undefined;
  /** Finds suggestions for the typed text, best first. */
  declare find: (text: string) => Promise<readonly Suggestion[]>;
  declare found: readonly Suggestion[];
  readonly #internals = this.attachInternals();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.value = '';
    this.required = false;
    this.found = [];
  }

  override render() {
    const { label, hint, required, value, found } = this;
    return html`<label for="input" class=${required ? 'required' : nothing}>${label}</label>
      <input
        id="input"
        list="found"
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        aria-describedby=${hint ? 'hint' : nothing}
        ?required=${required}
        .value=${value}
        @focus=${() => void this.#ask()}
        @input=${this.#onInput}
        @change=${this.#onChange}
      />
      ${hint ? html`<p id="hint">${hint}</p>` : nothing}
      <datalist id="found">
        ${found.map((one) => html`<option value=${one.value}>${one.label ?? ''}</option>`)}
      </datalist>`;
  }

  protected override updated() {
    this.#internals.setFormValue(this.value);
    const input = this.renderRoot.querySelector('input');
    if (!input) return;
    this.#internals.setValidity(input.validity, input.validationMessage, input);
  }

  #onInput(event: InputEvent) {
    this.value = (event.target as HTMLInputElement).value;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), PAUSE);
  }

  #onChange(event: Event) {
    this.value = (event.target as HTMLInputElement).value;
    this.dispatchEvent(new Event('change', { bubbles: true, composed: true }));
  }

  async #ask() {
    const asked = this.value;
    // If the suggestions cannot be loaded, the user can still type a name. Sending the form reports an unknown name.
    const found = await this.find(asked).catch(() => []);
    // If the user has typed more since, a later request finds the suggestions.
    if (asked === this.value) this.found = found;
  }
}

customElements.define('registry-suggest', RegistrySuggest);

declare global {
  interface HTMLElementTagNameMap {
    'registry-suggest': RegistrySuggest;
  }
}
