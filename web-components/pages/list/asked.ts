/** What an address asks of a list. */

const PER_PAGE = 50;

/** The part of the address that a list is asked for: what stands under these names, and the page. The API checks it. */
export function asked<Q>(query: URLSearchParams, names: readonly (keyof Q & string)[]): Partial<Q> {
  const given = names.filter((name) => query.get(name));
  return {
    ...Object.fromEntries(given.map((name) => [name, query.get(name)])),
    page: Number(query.get('page')) || 1,
    per_page: PER_PAGE,
  } as object as Partial<Q>;
}

/** Whether a list is narrowed down to what stands under one of these names. */
export const isNarrowed = (query: URLSearchParams, names: readonly string[]) =>
  names.some((name) => query.get(name));
