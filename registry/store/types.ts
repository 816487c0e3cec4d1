import type { SqlEntityManager } from '@mikro-orm/postgresql';

/** One unit of work: a fork of the store's, bound to the transaction inside `Store.transaction`. */
export type EntityManager = SqlEntityManager;

/** Pages count from 1. */
export interface Page {
  page: number;
  perPage: number;
}

export interface Listed<T> {
  items: T[];
  /** Number of items on all pages. */
  total: number;
}
