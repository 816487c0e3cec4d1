import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import { css, html, LitElement } from 'lit';
import { type HeaderChanges, readHeader, writeHeader } from '../../registry/definitions/header.ts';
import { shared } from '../styles/shared.ts';
import '../elements/problem.ts';

const TEXTS = [
  ['display_name', 'Display name'],
  ['category', 'Category'],
  ['manufacturer', 'Manufacturer'],
] as const;
const STATUSES = ['operational', 'development', 'testing', 'deprecated', 'experimental'];

/** The event of a changed header. The event carries the whole text, of which only the header has changed. */
export class HeaderEvent extends Event {
  readonly text: string;
  constructor(text: string) {
    super('header-change');
    this.text = text;
  }
}

/**
 * A form for the header of a file. Each change updates the text of the file at once.
 *
 * @fires {HeaderEvent} header-change - The text with the new header.
 */
export class RegistryMetadataForm extends LitElement {
  static override properties = { text: {}, error: { state: true } };
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: var(--wa-space-s);
      }
    `,
  ];

  declare text: string;
  declare error: unknown;

  override render() {
    const { header } = readHeader(this.text);
    return html`${TEXTS.map(
      ([key, label]) => html`<wa-input
        size="s"
        label=${label}
        .value=${header[key] ?? ''}
        @change=${(event: Event) => this.#write({ [key]: textOf(event) || null })}
      ></wa-input>`,
    )}
      <wa-select
        size="s"
        label="Status"
        .value=${header.status ?? ''}
        @change=${(event: Event) => this.#write({ status: textOf(event) as 'operational' })}
      >
        ${STATUSES.map((status) => html`<wa-option value=${status}>${status}</wa-option>`)}
      </wa-select>
      <registry-problem .error=${this.error}></registry-problem>
      <p class="small quiet">
        Metadata is stored in the header of the file, so every clone and copy includes it. Columns, units, default settings
        and dependencies are also read from the file.
      </p>`;
  }

  #write(changes: HeaderChanges) {
    try {
      this.error = undefined;
      this.dispatchEvent(new HeaderEvent(writeHeader(this.text, changes)));
    } catch (error) {
      this.error = error;
    }
  }
}

const textOf = (event: Event) => (event.target as HTMLInputElement).value.trim();

customElements.define('registry-metadata-form', RegistryMetadataForm);

declare global {
  interface HTMLElementTagNameMap {
    'registry-metadata-form': RegistryMetadataForm;
  }
}
