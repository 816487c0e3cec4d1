import { type FilterQuery, raw } from '@mikro-orm/core';
import type { DefinitionStatus, InstrumentType } from '../definitions/types.ts';
import type { Key } from './cursor.ts';
import { Definition } from './entities/index.ts';
import { listEntities } from './paging.ts';
import { foundBy, searchDefinitions, searchFor, withIndexes } from './search-definitions.ts';
import type { EntityManager, Listed, Page } from './types.ts';
import { type Viewer, visibleTo } from './visibility.ts';

export type { Viewer } from './visibility.ts';
export { everything } from './visibility.ts';

/** A definition in a list, without `source_code`. */
export type DefinitionSummary = Omit<Definition, 'source_code'>;

export interface DefinitionFilters {
  lab_id?: number | undefined;
  instrument_type?: InstrumentType | undefined;
  category?: string | undefined;
  manufacturer?: string | undefined;
  status?: DefinitionStatus | undefined;
  is_public?: boolean | undefined;
  is_builtin?: boolean | undefined;
  /** A search for words in names, manufacturer, category, description or code (`search-definitions.ts`). */
  q?: string | undefined;
  /** Whether to find archived definitions instead of active ones. */
  is_archived?: boolean | undefined;
}

export interface DefinitionSort {
  field:
    | 'name'
    | 'display_name'
    | 'instrument_type'
    | 'category'
    | 'manufacturer'
    | 'status'
    | 'version'
    | 'created_at'
    | 'updated_at'
    | 'id';
  descending?: boolean | undefined;
}

export interface DefinitionQuery extends Page {
  viewer: Viewer;
  filters?: DefinitionFilters;
  /** By default, lists are ordered by name and searches by how well a definition matches. Ties are ordered by id. */
  sort?: DefinitionSort;
}

/** A page of the definitions that this viewer sees and that match the filters. */
export async function listDefinitions(
  em: EntityManager,
  query: DefinitionQuery,
): Promise<Listed<DefinitionSummary>> {
  const { viewer, filters: { q, ...filters } = {}, sort } = query;
  const where = matching(viewer, filters);
  if (!q)
    return await listEntities(em, Definition, where, keysOf(sort ?? { field: 'name' }), query);
  return await withIndexes(em, async (em) => {
    if (!sort) return await searchDefinitions(em, where, q, query);
    const found = { $and: [where, foundBy(await searchFor(em, where, q))] };
    return await listEntities(em, Definition, found, keysOf(sort), query);
  });
}

/** Finds a definition, which may be archived, by id or by case-insensitive name. Includes its source code. */
export async function findDefinition(
  em: EntityManager,
  key: number | string,
  viewer: Viewer,
): Promise<Definition | null> {
  return em.findOne(
    Definition,
    { $and: [visibleTo(viewer), named(key)] },
    { populate: ['source_code'] },
  );
}

/** Finds a definition as `findDefinition` does, but without its source code. */
export async function findSummary(
  em: EntityManager,
  key: number | string,
  viewer: Viewer,
): Promise<DefinitionSummary | null> {
  return em.findOne(Definition, { $and: [visibleTo(viewer), named(key)] });
}

const named = (key: number | string): FilterQuery<Definition> =>
  typeof key === 'number' ? { id: key } : { [raw('lower(name) = lower(?)', [key])]: [] };

/** The definitions with these ids that the viewer sees, including archived ones, without their source code. */
export async function definitionsById(
  em: EntityManager,
  ids: readonly number[],
  viewer: Viewer,
): Promise<Map<number, DefinitionSummary>> {
  if (ids.length === 0) return new Map();
  const rows = await em.find(Definition, {
    $and: [visibleTo(viewer), { id: { $in: [...new Set(ids)] } }],
  });
  return new Map(rows.map((row) => [row.id, row]));
}

/** What the database contains about the repository of a definition. */
export type KnownDefinition = Pick<Definition, 'id' | 'name' | 'version' | 'head'>;

/** All definitions, including archived ones and those with only closed merge requests. */
export async function knownDefinitions(
  em: EntityManager,
  ids?: readonly number[],
): Promise<KnownDefinition[]> {
  if (ids === undefined) {
    return await em.execute('select id, name, version, head from definitions order by id');
  }
  return await em.find(
    Definition,
    { id: { $in: [...ids] } },
    { fields: ['id', 'name', 'version', 'head'] },
  );
}

/** Takes the next id from the sequence. Must be called before the definition is written anywhere. */
export async function allocateDefinitionId(em: EntityManager): Promise<number> {
  const [row] = await em.execute<[{ id: string | number }]>(
    `select nextval('definitions_id_seq') as id`,
  );
  return Number(row.id);
}

/**
 * Moves the sequence past every existing id and past `highest`. Needed after definitions were inserted with ids from
 * git or a backup, or if git has higher ids than the database.
 */
export async function advanceDefinitionIds(em: EntityManager, highest = 0): Promise<void> {
  await em.execute(
    `select setval('definitions_id_seq', greatest(last_value, ?, (select max(id) from definitions)))
       from definitions_id_seq where ? > 0 or exists (select from definitions)`,
    [highest, highest],
  );
}

/**
 * Deletes a definition and its versions from the index, so that its name is free. Used when the merge request that would
 * have created the definition is closed.
 */
export async function deleteDefinition(em: EntityManager, id: number): Promise<boolean> {
  return (await em.nativeDelete(Definition, { id })) > 0;
}

/** The condition for the definitions that this viewer sees and that match the filters, except the search `q`. */
export function matching(
  viewer: Viewer,
  { is_archived, ...equal }: Omit<DefinitionFilters, 'q'>,
): FilterQuery<Definition> {
  const stated = Object.fromEntries(
    Object.entries(equal).filter(([, value]) => value !== undefined),
  );
  const standing = { ...stated, archived_at: is_archived ? { $ne: null } : null };
  const proposed = { $or: [{ version: { $ne: null } }, { [raw(isProposed)]: [] }] };
  return { $and: [visibleTo(viewer), standing, proposed] };
}

/** SQL for a definition without a version: false if all its merge requests are closed, which makes its name free. */
const isProposed = (alias: string) =>
  `not coalesce((select bool_and(m.state = 'closed') from merge_requests m
                  where m.definition_id = ${alias}.id), false)`;

/** The properties (see `Key`) of columns that are not text or can be null. */
const KINDS: Partial<Record<DefinitionSort['field'], Omit<Key, 'column'>>> = {
  instrument_type: { kind: 'text', nullable: true },
  category: { kind: 'text', nullable: true },
  manufacturer: { kind: 'text', nullable: true },
  version: { kind: 'number', nullable: true },
  created_at: { kind: 'time' },
  updated_at: { kind: 'time' },
  id: { kind: 'number' },
};

function keysOf({ field, descending = false }: DefinitionSort): Key[] {
  return [
    { column: field, kind: 'text', ...KINDS[field], descending },
    { column: 'id', kind: 'number', descending },
  ];
}
