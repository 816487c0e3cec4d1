/** Pages of lists, between the API and the store. */
import type { PageOf } from '../schemas/common.ts';
import type { Listed, Page } from '../store/types.ts';

/** The page that a query asks for, and its other parameters. */
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

/** The answer to a query for a page: what was found, with its items as the API shows them. */
export function answerPage<T>(
  { page, perPage }: Page,
  { items: _, ...found }: Listed<unknown>,
  items: T[],
) {
  return { items, ...found, page, per_page: perPage };
}
