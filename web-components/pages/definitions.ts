import { Task } from '@lit/task';
import { css, html, nothing } from 'lit';
import { goTo } from '../app/go.ts';
import { Page } from '../app/page.ts';
import { countFacets, type DefinitionItem, listDefinitions } from '../data/definitions.ts';
import { LiveController } from '../data/events.ts';
import { listLabNames } from '../data/labs.ts';
import { session } from '../data/session.ts';
import { type Counted, countOf } from '../elements/count.ts';
import { icon } from '../elements/icon.ts';
import { empty, whenLoaded } from '../elements/states.ts';
import { shared } from '../styles/shared.ts';
import './definitions/facets.ts';
import { filtersOf, queryOf } from './definitions/filters.ts';
import { gettingStarted } from './definitions/getting-started.ts';
import { definitionColumns } from './definitions/list.ts';
import './definitions/waiting.ts';
import { type Results, tableOf } from './list/results.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';

/** `/?q=…&category=…&page=…`: the definitions that the user can see, with search and filters. */
export class DefinitionsPage extends Page {
  static override properties = {
    query: { attribute: false },
    areFiltersOpen: { state: true },
  };
  static override styles = [
    shared,
    css`
      header {
        margin-block-end: var(--wa-space-m);
      }
      .started {
        margin-block-end: var(--wa-space-m);
        padding: var(--wa-space-m);
      }
      .started ol {
        display: grid;
        gap: var(--wa-space-xs);
        margin-block-start: var(--wa-space-s);
      }
      .started a {
        text-decoration: underline;
      }
      .new {
        margin-inline-start: auto;
      }
      .columns {
        display: grid;
        grid-template-columns: 11.5rem minmax(0, 1fr);
        gap: var(--wa-space-l);
        align-items: start;
      }
      .filters {
        display: none;
      }
      @media (max-width: 64rem) {
        .columns {
          grid-template-columns: minmax(0, 1fr);
          gap: var(--wa-space-s);
        }
        .filters {
          display: inline-block;
          margin-inline-start: auto;
        }
        .filters + .new {
          margin-inline-start: 0;
        }
        definitions-facets:not([data-open]) {
          display: none;
        }
        definitions-facets {
          grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr));
        }
      }
    `,
  ];
  declare query: URLSearchParams;
  declare areFiltersOpen: boolean;

  readonly #list = new Task(this, {
    task: async ([query]) => await listDefinitions(queryOf(new URLSearchParams(query))),
    args: () => [this.query.toString()] as const,
    onComplete: ({ total }) => {
      // If no definitions are visible to a visitor who is not signed in, all that they can do is sign in.
      if (total === 0 && this.#isUnfiltered && session.me === null)
        goTo('/sign-in', { replace: true });
    },
  });
  readonly #facets = new Task(this, {
    task: async ([query]) => await countFacets(filtersOf(new URLSearchParams(query))),
    args: () => [this.query.toString()] as const,
  });
  readonly #labs = new Task(this, { task: listLabNames, args: () => [] as const });
  readonly live = new LiveController(this, ['definition.landed'], () => {
    void this.#list.run();
    void this.#facets.run();
  });

  constructor() {
    super();
    this.areFiltersOpen = false;
  }

  get #mayPropose(): boolean {
    const { me } = session;
    return me ? me.user.is_admin || me.labs.some(({ role }) => role !== 'viewer') : false;
  }

  get #isUnfiltered(): boolean {
    return Object.keys(filtersOf(this.query)).length === 0;
  }

  override render() {
    const found = this.#list.value;
    return html`<header class="row">
        <h1 tabindex="-1">Definitions</h1>
        <span class="quiet" role="status">
          ${found ? this.#countOf(found) : ''}
        </span>
        ${
          found?.total
            ? html`<wa-button
                class="filters"
                appearance="outlined"
                size="s"
                aria-expanded=${String(this.areFiltersOpen)}
                @click=${this.#toggleFilters}
                >${icon('filter', 'start')} Filters</wa-button
              >`
            : nothing
        }
        ${
          this.#mayPropose
            ? html`<wa-button class="new" variant="brand" size="s" href="/new">
                ${icon('plus', 'start')} New definition
              </wa-button>`
            : nothing
        }
      </header>
      ${gettingStarted(session.me, this.#labs.value)}
      ${this.#isUnfiltered ? html`<definitions-waiting></definitions-waiting>` : nothing}
      ${whenLoaded(this.#list, (found) => (found.total === 0 ? this.#nothing() : this.#found(found)))}`;
  }

  #countOf(found: Counted): string {
    const archived = this.query.get('is_archived') === 'true' ? 'archived ' : '';
    return countOf(found, `${archived}definition`, `${archived}definitions`);
  }

  #found(found: Results<DefinitionItem>) {
    const labs = this.#labs.value ?? new Map<number, string>();
    return html`<div class="columns">
      ${
        this.#facets.value
          ? html`<definitions-facets
              ?data-open=${this.areFiltersOpen}
              .facets=${this.#facets.value}
              .query=${this.query}
              .labs=${labs}
            ></definitions-facets>`
          : html`<div></div>`
      }
      ${tableOf(this, found, {
        caption: 'Definitions',
        columns: definitionColumns(labs),
        sort: this.query.get('sort') ?? (this.query.get('q') ? '' : 'name'),
      })}
    </div>`;
  }

  #nothing() {
    if (this.query.toString() === 'is_archived=true') {
      return empty(
        'archive',
        'No archived definitions',
        html`See <a href="/">all definitions</a>.`,
      );
    }
    if (!this.#isUnfiltered) {
      return empty(
        'search',
        'No definitions match',
        html`Try fewer words or filters, or <a href="/">see all definitions</a>.`,
      );
    }
    return empty(
      'beaker',
      'No definitions yet',
      html`Definitions of your lab, public definitions and built-in definitions appear here. Push one with git, or import a
        folder of files with <code>npx registry import</code>. <a href="/?is_archived=true">Archived definitions</a> are listed
        separately.`,
    );
  }

  #toggleFilters() {
    this.areFiltersOpen = !this.areFiltersOpen;
  }
}

customElements.define('definitions-page', DefinitionsPage);

declare global {
  interface HTMLElementTagNameMap {
    'definitions-page': DefinitionsPage;
  }
}
