/** Navigation from code. Templates use plain links. */

/** Goes to a page of the interface or to any other address of this origin. */
export function goTo(address: string, options: { replace?: boolean } = {}): void {
  navigation.navigate(address, { history: options.replace ? 'replace' : 'auto' });
}

/** The address of the sign-in page. After the sign-in, the sign-in page returns to the current page. */
export const signInAddress = (): string =>
  `/sign-in?${new URLSearchParams({ next: location.pathname + location.search })}`;

/**
 * Changes the query of the current page. A value of undefined or '' removes a parameter. The history entry is replaced,
 * so that typing a search does not add an entry for each letter.
 */
export function setQuery(changes: Record<string, string | undefined>): void {
  const address = new URL(location.href);
  for (const [key, value] of Object.entries(changes)) {
    if (value) address.searchParams.set(key, value);
    else address.searchParams.delete(key);
  }
  goTo(address.href, { replace: true });
}

/** How long to wait after the last letter before searching, in milliseconds. */
const PAUSE = 120;
let typing: ReturnType<typeof setTimeout> | undefined;

/**
 * Searches the list of the current page when the user pauses typing. Does nothing if the user has left the page by
 * then.
 */
export function searchAsTyped(q: string): void {
  clearTimeout(typing);
  const { pathname } = location;
  typing = setTimeout(() => {
    if (location.pathname === pathname) setQuery({ q, page: undefined });
  }, PAUSE);
}
