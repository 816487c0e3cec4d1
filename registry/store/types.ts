import type { SqlEntityManager } from '@mikro-orm/postgresql';

/** Runs queries for one unit of work. Within `Store.transaction`, the entity manager belongs to the transaction. */
export type EntityManager = SqlEntityManager;

/** Which page of a list to read. The first page is 1. */
export interface Page {
  page: number;
  perPage: number;
  /**
   * The cursor `next` of the previous page. If the cursor is given, the list continues there, and `page` is ignored.
   */
  after?: string | undefined;
}

export interface Listed<T> {
  items: T[];
  /** The number of items on all pages, counted up to `MOST_COUNTED`. */
  total: number;
  /** True if there are more items than `total`; otherwise missing. */
  total_at_least?: true;
  /** The cursor of the next page, for `Page.after`. Missing on the last page. */
  next?: string;
}
