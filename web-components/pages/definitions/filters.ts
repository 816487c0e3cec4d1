/** The filters of the list of definitions, as the address has them. */
import type { DefinitionFacets, DefinitionQuery, FacetQuery } from '../../data/definitions.ts';
import { asked } from '../list/asked.ts';

export type FilterName = Exclude<keyof FacetQuery, 'q'>;
export type FacetName = keyof DefinitionFacets;

/** In the order in which they are offered. */
export const FACETS: Record<FacetName, string> = {
  instrument_type: 'Type',
  category: 'Category',
  manufacturer: 'Maker',
  lab_id: 'Lab',
  status: 'Status',
  is_public: 'Seen by',
  is_builtin: 'Origin',
};

/** What the address asks for; the API checks it. */
export function filtersOf(query: URLSearchParams): Partial<FacetQuery> {
  const names = ['q', 'is_archived', ...Object.keys(FACETS)];
  const given = names.filter((name) => query.get(name));
  return Object.fromEntries(given.map((name) => [name, query.get(name)]));
}

export function queryOf(query: URLSearchParams): Partial<DefinitionQuery> {
  return { ...filtersOf(query), ...asked<DefinitionQuery>(query, ['sort']) };
}

/** The address of the same list with one filter set, or taken out; from its first page on. */
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

/** A value as people say it. */
export function labelOf(
  name: FacetName,
  value: string | number | boolean | null,
  labs: ReadonlyMap<number, string>,
): string {
  if (name === 'is_public') return String(value) === 'true' ? 'Everybody' : 'Their lab';
  if (name === 'is_builtin') return String(value) === 'true' ? 'Built-in' : 'Labs';
  if (name === 'lab_id') return labs.get(Number(value)) ?? `Lab ${value}`;
  return String(value);
}
