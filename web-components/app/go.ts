/** Going elsewhere from a program; in templates a plain link does it. */

/** Goes to a page of ours, or to anything else at this origin. */
export function goTo(address: string, options: { replace?: boolean } = {}): void {
  navigation.navigate(address, { history: options.replace ? 'replace' : 'auto' });
}

/** The sign-in, which leads back to the present page. */
export const signInAddress = (): string =>
  `/sign-in?${new URLSearchParams({ next: location.pathname + location.search })}`;

/**
 * Changes the query of the present page; undefined and '' take a parameter out. It replaces the entry in the history:
 * typing a search does not make a step for each letter.
 */
export function setQuery(changes: Record<string, string | undefined>): void {
  const address = new URL(location.href);
  for (const [key, value] of Object.entries(changes)) {
    if (value) address.searchParams.set(key, value);
    else address.searchParams.delete(key);
  }
  goTo(address.href, { replace: true });
}

/** How long a pause in typing is until it is searched for, in milliseconds. */
const PAUSE = 120;
let typing: ReturnType<typeof setTimeout> | undefined;

/** Searches the list of the present page for what somebody types, once they pause; whoever has gone on meanwhile is let be. */
export function searchAsTyped(q: string): void {
  clearTimeout(typing);
  const { pathname } = location;
  typing = setTimeout(() => {
    if (location.pathname === pathname) setQuery({ q, page: undefined });
  }, PAUSE);
}
