import { css, html, LitElement, nothing } from 'lit';
import { shared } from '../styles/shared.ts';
import { type SettingRow, settingRows } from './setting-rows.ts';
import './table.ts';
import type { Column } from './table.ts';

const COLUMNS: Column<SettingRow>[] = [
  {
    label: 'Setting',
    width: '26%',
    cell: ({ path, type, isRequired }) =>
      html`<code><strong>${path}</strong></code>${isRequired ? ' *' : nothing}
        <div class="quiet small">${type}</div>`,
  },
  {
    label: 'Default',
    width: '16%',
    cell: ({ initial }) => (initial ? html`<code>${initial}</code>` : ''),
  },
  {
    label: 'Meaning',
    cell: ({ description, allowed }) =>
      html`${description}
        ${allowed ? html`<div class="quiet small">${allowed}</div>` : nothing}`,
  },
];

/** The settings of a definition as a table. */
export class RegistrySettings extends LitElement {
  static override properties = { schema: { attribute: false }, defaults: { attribute: false } };
  static override styles = [
    shared,
    css`
      p {
        padding: var(--wa-space-s);
      }
    `,
  ];
  /** A JSON Schema, or null. */
  declare schema: Record<string, unknown> | null;
  declare defaults: Record<string, unknown> | null;

  override render() {
    const rows = settingRows(this.schema, this.defaults);
    if (rows.length === 0) return html`<p class="quiet">This definition has no settings.</p>`;
    return html`<registry-table caption="Settings" .columns=${COLUMNS} .rows=${rows}></registry-table>`;
  }
}

customElements.define('registry-settings', RegistrySettings);

declare global {
  interface HTMLElementTagNameMap {
    'registry-settings': RegistrySettings;
  }
}
