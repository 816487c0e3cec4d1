/** The query of a list from the address of its page. */

const PER_PAGE = 50;

/** The parameters `names` and the page number from the address. The API validates them. */
export function listQuery<Q>(
  query: URLSearchParams,
  names: readonly (keyof Q & string)[],
): Partial<Q> {
  const given = names.filter((name) => query.get(name));
  return {
    ...Object.fromEntries(given.map((name) => [name, query.get(name)])),
    page: Number(query.get('page')) || 1,
    per_page: PER_PAGE,
  } as object as Partial<Q>;
}

/** Whether the address sets any filter in `names`. */
export const isNarrowed = (query: URLSearchParams, names: readonly string[]) =>
  names.some((name) => query.get(name));
