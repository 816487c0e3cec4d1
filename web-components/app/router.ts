/**
 * Maps addresses to pages with the Navigation API and URLPattern. Links stay plain links, and the browser handles back,
 * forward, scrolling and reloading. The browser also opens addresses that are not pages, such as the API documents and
 * clone addresses.
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

/** The page at this address, or undefined. */
export function findPlace(address: URL): Place | undefined {
  if (address.origin !== location.origin) return undefined;
  for (const { route, pattern } of PATTERNS) {
    const groups = pattern.exec({ pathname: address.pathname })?.pathname.groups;
    if (groups) return { route, params: decodeGroups(groups), query: address.searchParams };
  }
  return undefined;
}

function decodeGroups(groups: Record<string, string | undefined>): Params {
  const named = Object.entries(groups).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named.map(([key, value]) => [key, decodeURIComponent(value ?? '')]));
}

/** Shows the page at the current address, and then each page that the user opens. */
export function startRouter(show: (place: Place, isNewPage: boolean) => Promise<void>): void {
  let shown = findPlace(new URL(location.href)) ?? { ...NOWHERE };
  navigation.addEventListener('navigate', (event) => {
    if (!event.canIntercept || event.hashChange || event.downloadRequest !== null) return;
    if (event.formData || event.navigationType === 'reload') return;
    const place = findPlace(new URL(event.destination.url));
    if (!place) return;
    const isNewPage = !isSamePage(shown, place);
    event.intercept({
      // The browser must not move the focus: the page focuses its heading.
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
