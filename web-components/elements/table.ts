import { css, html, LitElement, nothing } from 'lit';
import { shared } from '../styles/shared.ts';

export interface Column<T> {
  label: string;
  cell: (row: T) => unknown;
  /** The API's sort key of this column. */
  sort?: string;
  /** Whether to hide the label visually, as for a column of buttons. */
  hideLabel?: boolean;
  /** The alignment; use `end` for numbers. */
  align?: 'start' | 'end';
  /**
   * The width as a CSS length. If any column has a width, the layout is fixed, and the other columns share the
   * remaining width.
   */
  width?: string;
}

export class SortEvent extends Event {
  /** The API's sort key, with `-` in front for descending order. */
  readonly sort: string;
  constructor(sort: string) {
    super('sort-change', { bubbles: true, composed: true });
    this.sort = sort;
  }
}

/**
 * A table. On a narrow screen, each row becomes a list of column names and values.
 *
 * @fires {SortEvent} sort-change - The user chose another order.
 *
 * @csspart table - The table.
 */
export class RegistryTable<T = unknown> extends LitElement {
  static override properties = {
    caption: {},
    columns: { attribute: false },
    rows: { attribute: false },
    sort: {},
  };
  static override styles = [
    shared,
    css`
      caption {
        position: absolute;
        inline-size: 1px;
        block-size: 1px;
        overflow: hidden;
        clip-path: inset(50%);
      }
      .fixed {
        table-layout: fixed;
      }
      tbody tr:hover {
        background: var(--registry-hover);
      }
      .end {
        text-align: end;
        font-variant-numeric: tabular-nums;
      }
      button {
        padding: 0;
        border: 0;
        background: none;
        color: inherit;
        font: inherit;
        cursor: pointer;
      }
      button:hover {
        color: var(--wa-color-text-normal);
      }
      @media (max-width: 44rem) {
        thead {
          display: none;
        }
        tr {
          display: flex;
          flex-wrap: wrap;
          gap: var(--wa-space-3xs) var(--wa-space-s);
          padding: var(--wa-space-xs) var(--wa-space-s);
          border-block-end: 1px solid var(--wa-color-surface-border);
        }
        tbody,
        table,
        td {
          display: block;
        }
        td {
          min-inline-size: 0;
          padding: 0;
          border: 0;
        }
        td:empty {
          display: none;
        }
        td:first-child {
          flex-basis: 100%;
        }
        td[data-label]:not(:first-child)::before {
          content: attr(data-label) ": ";
          color: var(--wa-color-text-quiet);
        }
        .end {
          text-align: start;
        }
        td:last-child:not([data-label]) {
          margin-inline-start: auto;
        }
      }
    `,
  ];

  /** The accessible name of the table. */
  declare caption: string;
  declare columns: readonly Column<T>[];
  declare rows: readonly T[];
  /** The current order, as in `SortEvent`. */
  declare sort: string | undefined;

  constructor() {
    super();
    this.columns = [];
    this.rows = [];
  }

  override render() {
    const isFixed = this.columns.some(({ width }) => width);
    return html`<table part="table" class=${isFixed ? 'fixed' : nothing}>
      <caption>${this.caption}</caption>
      <colgroup>
        ${this.columns.map(({ width }) => html`<col .style=${width ? `inline-size: ${width}` : ''} />`)}
      </colgroup>
      <thead>
        <tr>${this.columns.map((column) => this.#head(column))}</tr>
      </thead>
      <tbody>
        ${this.rows.map((row) => html`<tr>${this.columns.map((column) => this.#cell(column, row))}</tr>`)}
      </tbody>
    </table>`;
  }

  #head({ label, sort, align, hideLabel }: Column<T>) {
    if (!sort) {
      const text = hideLabel ? html`<span class="visually-hidden">${label}</span>` : label;
      return html`<th scope="col" class=${align ?? nothing}>${text}</th>`;
    }
    const isUp = this.sort === sort;
    const isDown = this.sort === `-${sort}`;
    const order = isUp ? 'ascending' : isDown ? 'descending' : nothing;
    return html`<th scope="col" class=${align ?? nothing} aria-sort=${order}>
      <button @click=${() => this.dispatchEvent(new SortEvent(isUp ? `-${sort}` : sort))}>
        ${label} <span aria-hidden="true">${isUp ? '↑' : isDown ? '↓' : ''}</span>
      </button>
    </th>`;
  }

  #cell({ label, cell, align, hideLabel }: Column<T>, row: T) {
    return html`<td class=${align ?? nothing} data-label=${hideLabel ? nothing : label}>${cell(row)}</td>`;
  }
}

customElements.define('registry-table', RegistryTable);

declare global {
  interface HTMLElementTagNameMap {
    'registry-table': RegistryTable;
  }
}
