/** Converts pages of lists between the API and the store. */
import type { PageOf } from '../schemas/common.ts';
import type { Listed, Page } from '../store/types.ts';

/** Splits a query into the requested page and the other parameters. */
export function splitPage<Q extends PageOf>({
  page,
  per_page,
  after,
  ...filters
}: Q): {
  page: Page;
  filters: Omit<Q, keyof PageOf>;
} {
  return { page: { page, perPage: per_page, after }, filters };
}

/** The answer of the API for one page. `items` are the found rows as the API shows them. */
export function answerPage<T>(
  { page, perPage }: Page,
  { items: _, ...found }: Listed<unknown>,
  items: T[],
) {
  return { items, ...found, page, per_page: perPage };
}
