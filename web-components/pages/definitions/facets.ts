import { css, html, LitElement, nothing } from 'lit';
import type { DefinitionFacets } from '../../data/definitions.ts';
import { icon } from '../../elements/icon.ts';
import { shared } from '../../styles/shared.ts';
import { FACETS, type FacetName, type FilterName, labelOf, withFilter } from './filters.ts';

/** How many values of a facet are shown at first, because there may be many manufacturers. */
const SHOWN = 7;

/** The filters of the list. Each value is a link that sets or removes the filter. */
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
  /** The query of the current address. */
  declare query: URLSearchParams;
  declare labs: ReadonlyMap<number, string>;
  declare expanded: ReadonlySet<FacetName>;

  constructor() {
    super();
    this.expanded = new Set();
  }

  override render() {
    return Object.keys(FACETS).map((name) => this.#facet(name as FacetName));
  }

  #facet(name: FacetName) {
    const values = this.facets[name].filter(({ value }) => value !== null);
    const chosen = this.query.get(name);
    const hasMore = name === 'status';
    // A facet with a single value offers no choice, so it is hidden. A facet with a chosen value stays visible.
    if (values.length < 2 && chosen === null && !hasMore) return nothing;
    const isExpanded = this.expanded.has(name);
    const shown = isExpanded ? values : values.slice(0, SHOWN);
    return html`<section aria-label=${FACETS[name]}>
      <h2>${FACETS[name]}</h2>
      <ul>
        ${shown.map(({ value, count }) =>
          this.#link(name, String(value), labelOf(name, value, this.labs), count),
        )}
        ${hasMore ? this.#link('is_archived', 'true', 'archived') : nothing}
      </ul>
      ${
        values.length > shown.length
          ? html`<button @click=${() => this.#expand(name)}>Show all ${values.length}</button>`
          : nothing
      }
    </section>`;
  }

  #link(name: FilterName, value: string, label: string, count?: number) {
    const isChosen = this.query.get(name) === value;
    return html`<li>
      <a
        href=${withFilter(this.query, name, isChosen ? undefined : value)}
        aria-current=${isChosen ? 'true' : nothing}
      >
        <span class="label">${label}</span>
        ${isChosen ? icon('x') : nothing}
        <span class="count">${count?.toLocaleString()}</span>
      </a>
    </li>`;
  }

  #expand(name: FacetName) {
    this.expanded = new Set([...this.expanded, name]);
  }
}

customElements.define('definitions-facets', DefinitionsFacets);

declare global {
  interface HTMLElementTagNameMap {
    'definitions-facets': DefinitionsFacets;
  }
}
