/** Counts definitions by facets such as category, manufacturer and status, for the filters of a list. */
import { type FilterQuery, raw } from '@mikro-orm/core';
import type { QBFilterQuery } from '@mikro-orm/postgresql';
import { type DefinitionFilters, matching, type Viewer } from './definitions.ts';
import { Definition } from './entities/index.ts';
import { foundBy, searchFor, withIndexes } from './search-definitions.ts';
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
 * Counts the values of each facet among the definitions that this viewer sees and that match the filters, most frequent
 * first. A facet ignores its own filter, so that the user still sees its other values. One query counts all facets without
 * a filter, and each facet with a filter needs one more query.
 */
export async function countFacets(
  em: EntityManager,
  { viewer, filters: { q, ...filters } }: { viewer: Viewer; filters: DefinitionFilters },
): Promise<Record<Facet, FacetValue[]>> {
  if (!q) return await countAll(em, viewer, filters, {});
  return await withIndexes(em, async (em) => {
    const search = await searchFor(em, matching(viewer, filters), q);
    return await countAll(em, viewer, filters, foundBy(search));
  });
}

type Filters = Omit<DefinitionFilters, 'q'>;

async function countAll(
  em: EntityManager,
  viewer: Viewer,
  filters: Filters,
  found: FilterQuery<Definition>,
): Promise<Record<Facet, FacetValue[]>> {
  const chosen = FACETS.filter((facet) => filters[facet] !== undefined);
  const open = FACETS.filter((facet) => filters[facet] === undefined);
  const questions = [
    { facets: open, filters },
    ...chosen.map((facet) => ({ facets: [facet], filters: { ...filters, [facet]: undefined } })),
  ];
  const counted = Object.fromEntries(FACETS.map((facet) => [facet, [] as FacetValue[]]));
  for (const { facets, filters } of questions) {
    for (const row of await count(em, { $and: [matching(viewer, filters), found] }, facets)) {
      const facet = facets[row.facet] as Facet;
      counted[facet]?.push({ value: row[facet], count: Number(row.count) });
    }
  }
  for (const values of Object.values(counted)) values.sort(byCount);
  return counted as Record<Facet, FacetValue[]>;
}

type Row = Record<Facet, FacetValue['value']> & { facet: number; count: string | number };

/** Returns one row for each value of each facet. In a row, `facet` is the index of the facet in `facets`. */
async function count(
  em: EntityManager,
  where: FilterQuery<Definition>,
  facets: readonly Facet[],
): Promise<Row[]> {
  if (facets.length === 0) return [];
  // `grouping(column)` is 0 in the rows that are grouped by this column.
  const place = facets.map((facet, index) => `when grouping(${facet}) = 0 then ${index}`).join(' ');
  return await em
    .createQueryBuilder(Definition)
    .select([
      ...facets.map((facet) => raw(facet)),
      raw(`case ${place} end as facet`),
      raw('count(*) as count'),
    ])
    .where(where as QBFilterQuery<Definition>)
    .groupBy(raw(`grouping sets (${facets.map((facet) => `(${facet})`).join(', ')})`))
    .execute('all', false);
}

/** Orders by count. Equal counts are ordered by value, so that the order never changes by chance. */
function byCount(a: FacetValue, b: FacetValue): number {
  return b.count - a.count || String(a.value).localeCompare(String(b.value));
}
