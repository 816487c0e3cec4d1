/** Reads a page of a list, and counts the list's items in the same statement. */
import { type EntityName, type FilterQuery, raw } from '@mikro-orm/core';
import type { QBFilterQuery } from '@mikro-orm/postgresql';
import { cursorOf, isAfter, type Key, keyOf, readCursor } from './cursor.ts';
import type { EntityManager, Listed, Page } from './types.ts';

/** Items are counted up to this number. Counting more would read every row, and nobody needs the exact number. */
export const MOST_COUNTED = 10_000;

/** A `select` without order, and the values of its `?` placeholders. */
export interface Rows {
  sql: string;
  values: readonly unknown[];
}

/**
 * Reads a page of these rows, as the driver returns them. Throws `invalid_cursor`. PostgreSQL's planner flattens the
 * subqueries, so the page can use an index on the keys, and the count reads no columns.
 */
export async function listRows<R extends object>(
  em: EntityManager,
  rows: Rows,
  keys: readonly Key[],
  { page, perPage, after }: Page,
): Promise<Listed<R>> {
  const [beyond, ...start] =
    after === undefined ? (['true'] as const) : isAfter(keys, readCursor(keys, after));
  const offset = after === undefined ? (page - 1) * perPage : 0;
  const found = await em.execute<Numbered<R>[]>(
    `select counted.list_total, page.* from
       (select count(*)::int as list_total
          from (select 1 from (${rows.sql}) r limit ${MOST_COUNTED + 1}) few) counted
       left join (select true as is_listed, r.* from (${rows.sql}) r
                   where ${beyond} order by ${orderBy(keys, 'r')} limit ? offset ?) page on true
      order by ${orderBy(keys, 'page')}`,
    [...rows.values, ...rows.values, ...start, perPage + 1, offset],
  );
  return listed(found, keys, perPage);
}

/** Reads a page of the entities that match the filter, without their lazy columns. Throws `invalid_cursor`. */
export async function listEntities<E extends object>(
  em: EntityManager,
  entity: EntityName<E>,
  filter: NoInfer<FilterQuery<E>>,
  keys: readonly Key[],
  page: Page,
): Promise<Listed<E>> {
  const { items, ...rest } = await listRows<object>(em, rowsOf(em, entity, filter), keys, page);
  return { ...rest, items: plainRows(em, entity, items) };
}

/** SQL for the rows of the entities that match the filter, without their lazy columns. */
export function rowsOf<E extends object>(
  em: EntityManager,
  entity: EntityName<E>,
  filter: NoInfer<FilterQuery<E>>,
): Rows {
  const { sql, values } = fromWhere(em, entity, filter);
  return { sql: `select ${columnsOf(em, entity).join(', ')} ${sql}`, values };
}

/** SQL `from … where …` for the entities that match the filter. A statement can contain this SQL several times. */
export function fromWhere<E extends object>(
  em: EntityManager,
  entity: EntityName<E>,
  filter: NoInfer<FilterQuery<E>>,
): Rows {
  const start = 'select 1 ';
  const { sql, params } = em
    .createQueryBuilder<E>(entity)
    .select(raw('1'))
    .where({ $and: [filter, { [raw('true')]: [] }] } as QBFilterQuery<E>)
    .toQuery();
  return { sql: sql.slice(start.length), values: params };
}

/**
 * Makes plain objects from rows of the driver, with times as dates. The objects are not entities and cannot be written
 * back, because making fifty entities would take longer than the query.
 */
export function plainRows<E extends object>(
  em: EntityManager,
  entity: EntityName<E>,
  rows: readonly object[],
): E[] {
  const { props } = em.getMetadata().get<E>(entity);
  const times = props.filter(({ runtimeType }) => runtimeType === 'Date').map(({ name }) => name);
  return rows.map((row) => {
    const plain = { ...row } as Record<string, unknown>;
    for (const time of times) {
      const value = plain[time];
      if (typeof value === 'string') plain[time] = new Date(value);
    }
    return plain as E;
  });
}

/** The columns of an entity, without the lazy ones. */
export const columnsOf = <E extends object>(em: EntityManager, entity: EntityName<E>): string[] =>
  em
    .getMetadata()
    .get<E>(entity)
    .props.filter(({ lazy }) => !lazy)
    .map(({ name }) => name);

type Numbered<R> = R & { list_total: number; is_listed: true | null };

function listed<R extends object>(
  found: readonly Numbered<R>[],
  keys: readonly Key[],
  perPage: number,
): Listed<R> {
  const rows = found.filter(({ is_listed }) => is_listed);
  const items = rows
    .slice(0, perPage)
    .map(({ list_total, is_listed, ...row }) => row as unknown as R);
  const last = rows.length > perPage ? items.at(-1) : undefined;
  const total = found[0]?.list_total ?? 0;
  return {
    items,
    total: Math.min(total, MOST_COUNTED),
    ...(total > MOST_COUNTED && { total_at_least: true }),
    ...(last && { next: cursorOf(keys, last as Record<string, unknown>) }),
  };
}

const orderBy = (keys: readonly Key[], alias: string): string =>
  keys.map((key) => `${keyOf(key, alias)} ${key.descending ? 'desc' : 'asc'}`).join(', ');
