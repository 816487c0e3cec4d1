import type { Page } from './types.ts';

/** LIMIT and OFFSET of a page. */
export function window({ page, perPage }: Page): { limit: number; offset: number } {
  return { limit: perPage, offset: (page - 1) * perPage };
}
