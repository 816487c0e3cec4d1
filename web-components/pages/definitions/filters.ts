/** The filters of the list of definitions in the address. */
import type { DefinitionFacets, DefinitionQuery, FacetQuery } from '../../data/definitions.ts';
import { listQuery } from '../list/query.ts';

export type FilterName = Exclude<keyof FacetQuery, 'q'>;
export type FacetName = keyof DefinitionFacets;

/** The facets in the order of the page. */
export const FACETS: Record<FacetName, string> = {
  instrument_type: 'Type',
  category: 'Category',
  manufacturer: 'Manufacturer',
  lab_id: 'Lab',
  status: 'Status',
  is_public: 'Visibility',
  is_builtin: 'Origin',
};

/** The filters in the address. The API validates them. */
export function filtersOf(query: URLSearchParams): Partial<FacetQuery> {
  const names = ['q', 'is_archived', ...Object.keys(FACETS)];
  const given = names.filter((name) => query.get(name));
  return Object.fromEntries(given.map((name) => [name, query.get(name)]));
}

export function queryOf(query: URLSearchParams): Partial<DefinitionQuery> {
  return { ...filtersOf(query), ...listQuery<DefinitionQuery>(query, ['sort']) };
}

/** The address of the first page of the same list, with one filter set or removed. */
export function withFilter(
  query: URLSearchParams,
  name: FilterName,
  value: string | undefined,
): string {
  const changed = new URLSearchParams(query);
  changed.delete('page');
  if (value === undefined) changed.delete(name);
  else changed.set(name, value);
  const text = changed.toString();
  return text ? `/?${text}` : '/';
}

/** The text that the page shows for a value of a facet. */
export function labelOf(
  name: FacetName,
  value: string | number | boolean | null,
  labs: ReadonlyMap<number, string>,
): string {
  if (name === 'is_public') return String(value) === 'true' ? 'Public' : 'Lab only';
  if (name === 'is_builtin') return String(value) === 'true' ? 'Built-in' : 'Labs';
  if (name === 'lab_id') return labs.get(Number(value)) ?? `Lab ${value}`;
  return String(value);
}
