/**
 * The paths of the web interface's pages, in a syntax that both `URLPattern` and the server's router read. The registry
 * answers every path with the same document. `web-components/app/routes.ts` must have a page for every path, which the type
 * check ensures.
 */
export const PAGES = [
  '/',
  '/sign-in',
  '/definitions/:name',
  '/definitions/:name/compare',
  '/definitions/:name/edit',
  '/new',
  '/merge-requests',
  '/merge-requests/:number',
  '/instruments',
  '/instruments/:id',
  '/computers',
  '/computers/:name',
  '/fleet',
  '/labs',
  '/labs/:id',
  '/account',
  '/users',
  '/audit',
] as const;

export type PagePath = (typeof PAGES)[number];
