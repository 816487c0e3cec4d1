import type { SqlEntityManager } from '@mikro-orm/postgresql';

/** One unit of work: a fork of the store's, bound to the transaction inside `Store.transaction`. */
export type EntityManager = SqlEntityManager;

/** Pages count from 1. */
export interface Page {
  page: number;
  perPage: number;
  /** `next` of the previous page: the list continues after it, and `page` is ignored. */
  after?: string | undefined;
}

export interface Listed<T> {
  items: T[];
  /** Number of items on all pages; counted up to `MOST_COUNTED`. */
  total: number;
  /** Set if there are more items than `total`. */
  total_at_least?: true;
  /** The cursor of the next page, for `Page.after`; missing on the last page. */
  next?: string;
}
