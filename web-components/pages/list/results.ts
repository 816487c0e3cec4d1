/** One page of the results of a list, as a table with a pager. */
import type { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import { html } from 'lit';
import { setQuery } from '../../app/go.ts';
import type { Page } from '../../app/page.ts';
import '../../elements/pager.ts';
import type { PageChangeEvent, Paged } from '../../elements/pager.ts';
import { empty, whenLoaded } from '../../elements/states.ts';
import '../../elements/table.ts';
import type { Column, SortEvent } from '../../elements/table.ts';

export interface Results<T> extends Paged {
  items: readonly T[];
}

export interface Table<T> {
  caption: string;
  columns: readonly Column<T>[];
  /** The current order, if the table can be sorted. */
  sort?: string;
}

/** The results of the task as a table. If there are no results, calls `nothing` to render the empty state. */
export const listOf = <T>(
  host: Page,
  task: Task<readonly unknown[], Results<T>>,
  table: Table<T>,
  nothing: () => unknown,
) => whenLoaded(task, (found) => (found.total === 0 ? nothing() : tableOf(host, found, table)));

export function tableOf<T>(host: Page, found: Results<T>, { caption, columns, sort }: Table<T>) {
  return html`<div class="card">
    <registry-table
      .caption=${caption}
      .columns=${columns}
      .rows=${found.items}
      .sort=${sort}
      @sort-change=${({ sort }: SortEvent) => setQuery({ sort, page: undefined })}
    ></registry-table>
    ${pagerOf(host, found)}
  </div>`;
}

/** The pager of a list. Going to another page scrolls to the top and focuses the heading. */
export function pagerOf(host: Page, list: Paged) {
  const turn = ({ page }: PageChangeEvent) => {
    setQuery({ page: page === 1 ? undefined : String(page) });
    scrollTo({ top: 0 });
    void host.focusHeading();
  };
  if (list.items.length === 0) {
    const first = () => setQuery({ page: undefined });
    return empty(
      'search',
      `There is no page ${list.page}`,
      html`The list has fewer pages. <wa-button size="s" appearance="outlined" @click=${first}>Go to the first page</wa-button>`,
    );
  }
  return html`<registry-pager .list=${list} @page-change=${turn}></registry-pager>`;
}
