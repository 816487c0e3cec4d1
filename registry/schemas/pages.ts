/**
 * The paths of the web interface's pages, as `URLPattern` and the server's router both read them. The registry
 * answers each with the same document, and `web-components/app/routes.ts` must have a page for each (its type says so).
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
