/** How many definitions have which category, maker, status, …: what a list can be narrowed down to. */
import { raw } from '@mikro-orm/core';
import type { QBFilterQuery } from '@mikro-orm/postgresql';
import { type DefinitionFilters, matching, type Viewer } from './definitions.ts';
import { Definition } from './entities/index.ts';
import type { EntityManager } from './types.ts';

export const FACETS = [
  'instrument_type',
  'category',
  'manufacturer',
  'status',
  'lab_id',
  'is_public',
  'is_builtin',
] as const;
export type Facet = (typeof FACETS)[number];

export interface FacetValue {
  value: string | number | boolean | null;
  count: number;
}

/**
 * The values of each facet among what this viewer sees and the filters leave, the most frequent first. A facet's own
 * filter does not count for itself: what else could be chosen is to be seen. One query for all that are not
 * filtered by, and one for each that is.
 */
export async function countFacets(
  em: EntityManager,
  { viewer, filters }: { viewer: Viewer; filters: DefinitionFilters },
): Promise<Record<Facet, FacetValue[]>> {
  const chosen = FACETS.filter((facet) => filters[facet] !== undefined);
  const open = FACETS.filter((facet) => filters[facet] === undefined);
  const questions = [
    { facets: open, filters },
    ...chosen.map((facet) => ({ facets: [facet], filters: { ...filters, [facet]: undefined } })),
  ];
  const counted = Object.fromEntries(FACETS.map((facet) => [facet, [] as FacetValue[]]));
  for (const { facets, filters } of questions) {
    for (const row of await count(em, viewer, facets, filters)) {
      const facet = facets[row.facet] as Facet;
      counted[facet]?.push({ value: row[facet], count: Number(row.count) });
    }
  }
  for (const values of Object.values(counted)) values.sort(byCount);
  return counted as Record<Facet, FacetValue[]>;
}

type Row = Record<Facet, FacetValue['value']> & { facet: number; count: string | number };

/** One row for each value of each facet; `facet` says by its place which one the row is about. */
async function count(
  em: EntityManager,
  viewer: Viewer,
  facets: readonly Facet[],
  filters: DefinitionFilters,
): Promise<Row[]> {
  if (facets.length === 0) return [];
  // grouping() has a bit for each column, set where the column is not grouped by; the first column's is the highest.
  const place = facets.map((facet, index) => `when grouping(${facet}) = 0 then ${index}`).join(' ');
  return await em
    .createQueryBuilder(Definition)
    .select([
      ...facets.map((facet) => raw(facet)),
      raw(`case ${place} end as facet`),
      raw('count(*) as count'),
    ])
    .where(matching(viewer, filters) as QBFilterQuery<Definition>)
    .groupBy(raw(`grouping sets (${facets.map((facet) => `(${facet})`).join(', ')})`))
    .execute('all', false);
}

/** Ties in the order of the values, so that a list does not move about. */
function byCount(a: FacetValue, b: FacetValue): number {
  return b.count - a.count || String(a.value).localeCompare(String(b.value));
}
