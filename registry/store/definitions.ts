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
  /** Words of names, manufacturer, category, description or code (`search-definitions.ts`). */
  q?: string | undefined;
  /** Archived definitions instead of active ones. */
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
  /** Defaults to how well a search fits, then to the name; ties are ordered by id. */
  sort?: DefinitionSort;
}

/** The definitions that this viewer sees and that match the filters. */
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

/** One definition by id or name (case ignored), including its source; archived ones too. */
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

/** As `findDefinition`, without the source. */
export async function findSummary(
  em: EntityManager,
  key: number | string,
  viewer: Viewer,
): Promise<DefinitionSummary | null> {
  return em.findOne(Definition, { $and: [visibleTo(viewer), named(key)] });
}

const named = (key: number | string): FilterQuery<Definition> =>
  typeof key === 'number' ? { id: key } : { [raw('lower(name) = lower(?)', [key])]: [] };

/** Those of these definitions that the viewer sees, without their sources; archived ones too. */
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

/** The names of all definitions, including archived ones and those whose proposals are closed. */
export async function namesOfDefinitions(
  em: EntityManager,
): Promise<{ id: number; name: string }[]> {
  return em.execute('select id, name from definitions order by id');
}

/** Takes the next id from the sequence, before anything of the definition is written. */
export async function allocateDefinitionId(em: EntityManager): Promise<number> {
  const [row] = await em.execute<[{ id: string | number }]>(
    `select nextval('definitions_id_seq') as id`,
  );
  return Number(row.id);
}

/** Moves the sequence past every existing id, after definitions were inserted with given ids. */
export async function advanceDefinitionIds(em: EntityManager): Promise<void> {
  await em.execute(
    `select setval('definitions_id_seq', greatest(last_value, (select max(id) from definitions)))
       from definitions_id_seq where exists (select from definitions)`,
  );
}

/** Deletes a definition and its versions from the index. Used when a closed first proposal frees its name. */
export async function deleteDefinition(em: EntityManager, id: number): Promise<boolean> {
  return (await em.nativeDelete(Definition, { id })) > 0;
}

/** A condition for the definitions that this viewer sees and that match the filters, but for a search. */
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

/** False if the definition has no version and all its merge requests are closed, so that its name is free. */
const isProposed = (alias: string) =>
  `not coalesce((select bool_and(m.state = 'closed') from merge_requests m
                  where m.definition_id = ${alias}.id), false)`;

/** What `Key` says of the columns that are not text or may be null. */
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
