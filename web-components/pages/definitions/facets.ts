import { css, html, LitElement, nothing } from 'lit';
import type { DefinitionFacets } from '../../data/definitions.ts';
import { icon } from '../../elements/icon.ts';
import { shared } from '../../styles/shared.ts';
import { FILTERS, type FilterName, labelOf, withFilter } from './filters.ts';

/** How many values of a facet are shown at once; makers are many. */
const SHOWN = 7;

/** What the list can be narrowed down to. Each value is a link to the list with that filter, or without it. */
export class DefinitionsFacets extends LitElement {
  static override properties = {
    facets: { attribute: false },
    query: { attribute: false },
    labs: { attribute: false },
    expanded: { state: true },
  };
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: var(--wa-space-m);
        align-content: start;
      }
      h2 {
        margin-block-end: var(--wa-space-2xs);
        color: var(--wa-color-text-quiet);
        font-size: var(--wa-font-size-s);
        font-weight: var(--wa-font-weight-semibold);
      }
      a {
        display: flex;
        align-items: baseline;
        gap: var(--wa-space-2xs);
        padding: 0.15em var(--wa-space-xs);
        margin-inline: calc(-1 * var(--wa-space-xs));
        border-radius: var(--wa-border-radius-s);
        color: var(--wa-color-text-normal);
      }
      a:hover {
        background: var(--registry-hover);
        text-decoration: none;
      }
      a[aria-current] {
        color: var(--wa-color-brand-on-quiet);
        font-weight: var(--wa-font-weight-semibold);
      }
      .label {
        flex: 1;
        overflow-wrap: anywhere;
      }
      .count {
        color: var(--wa-color-text-quiet);
        font-size: var(--wa-font-size-s);
        font-variant-numeric: tabular-nums;
      }
      button {
        padding: 0.15em 0;
        border: 0;
        background: none;
        color: var(--wa-color-text-link);
        font: inherit;
        cursor: pointer;
      }
    `,
  ];

  declare facets: DefinitionFacets;
  /** Of the present address. */
  declare query: URLSearchParams;
  declare labs: ReadonlyMap<number, string>;
  declare expanded: ReadonlySet<FilterName>;

  constructor() {
    super();
    this.expanded = new Set();
  }

  override render() {
    return Object.keys(FILTERS).map((name) => this.#facet(name as FilterName));
  }

  #facet(name: FilterName) {
    const values = this.facets[name].filter(({ value }) => value !== null);
    const chosen = this.query.get(name);
    // One value is no choice, unless it is the one that was chosen.
    if (values.length < 2 && chosen === null) return nothing;
    const isExpanded = this.expanded.has(name);
    const shown = isExpanded ? values : values.slice(0, SHOWN);
    return html`<section aria-label=${FILTERS[name]}>
      <h2>${FILTERS[name]}</h2>
      <ul>
        ${shown.map(({ value, count }) => this.#value(name, value, count, chosen))}
      </ul>
      ${
        values.length > shown.length
          ? html`<button @click=${() => this.#expand(name)}>All ${values.length}</button>`
          : nothing
      }
    </section>`;
  }

  #value(
    name: FilterName,
    value: string | number | boolean | null,
    count: number,
    chosen: string | null,
  ) {
    const isChosen = String(value) === chosen;
    return html`<li>
      <a
        href=${withFilter(this.query, name, isChosen ? undefined : String(value))}
        aria-current=${isChosen ? 'true' : nothing}
      >
        <span class="label">${labelOf(name, value, this.labs)}</span>
        ${isChosen ? icon('x') : nothing}
        <span class="count">${count.toLocaleString()}</span>
      </a>
    </li>`;
  }

  #expand(name: FilterName) {
    this.expanded = new Set([...this.expanded, name]);
  }
}

customElements.define('definitions-facets', DefinitionsFacets);

declare global {
  interface HTMLElementTagNameMap {
    'definitions-facets': DefinitionsFacets;
  }
}
