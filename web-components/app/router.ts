/**
 * From an address to a page, over the platform's Navigation API and URLPattern: links stay plain links, and back,
 * forward, scrolling and reloading stay the browser's. What is no page of ours (the API's documents, a clone
 * address) is left to the browser.
 */
import { PAGES } from '../../registry/schemas/pages.ts';
import { NOT_FOUND, type Params, ROUTES, type Route } from './routes.ts';

export interface Place {
  route: Route;
  params: Params;
  query: URLSearchParams;
}

const PATTERNS = PAGES.map((path) => ({
  route: ROUTES[path],
  pattern: new URLPattern({ pathname: path }),
}));

/** Undefined where no page stands at this address. */
export function match(address: URL): Place | undefined {
  if (address.origin !== location.origin) return undefined;
  for (const { route, pattern } of PATTERNS) {
    const groups = pattern.exec({ pathname: address.pathname })?.pathname.groups;
    if (groups) return { route, params: decoded(groups), query: address.searchParams };
  }
  return undefined;
}

function decoded(groups: Record<string, string | undefined>): Params {
  const named = Object.entries(groups).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named.map(([key, value]) => [key, decodeURIComponent(value ?? '')]));
}

/** Shows the page at the present address, and from then on each one that somebody goes to. */
export function startRouter(show: (place: Place, isNewPage: boolean) => Promise<void>): void {
  let shown = match(new URL(location.href)) ?? { ...NOWHERE };
  navigation.addEventListener('navigate', (event) => {
    if (!event.canIntercept || event.hashChange || event.downloadRequest !== null) return;
    if (event.formData || event.navigationType === 'reload') return;
    const place = match(new URL(event.destination.url));
    if (!place) return;
    const isNewPage = !isSamePage(shown, place);
    event.intercept({
      // The heading is focused instead, once there is one.
      focusReset: 'manual',
      ...(!isNewPage && { scroll: 'manual' as const }),
      handler: async () => {
        shown = place;
        await show(place, isNewPage);
      },
    });
  });
  void show(shown, false);
}

const NOWHERE: Place = { route: NOT_FOUND, params: {}, query: new URLSearchParams() };

function isSamePage(a: Place, b: Place): boolean {
  return a.route === b.route && JSON.stringify(a.params) === JSON.stringify(b.params);
}
