/** The columns of a table, from its entity. */
import type { EntityManager } from './types.ts';

type EntityClass<E> = abstract new () => E;

/** The names of an entity's columns. */
export type Column<E> = Exclude<keyof E, symbol>;

/** Accepts everything if `Named` has all columns; otherwise the compiler's message names those that it lacks. */
type AllNamed<E, Named> = [Exclude<Column<E>, Named>] extends [never]
  ? unknown
  : { neitherWrittenNorKept: Exclude<Column<E>, Named> };

/**
 * The columns that callers of a store can set: mostly the fields of a route's schema (`fieldsOf`). `kept` are all other
 * columns. The type check fails if a field is not a column, and if a column is in neither list.
 */
export const writtenColumns = <
  E extends object,
  const W extends Column<E>,
  const K extends Column<E>,
>(
  _entity: EntityClass<E>,
  written: readonly W[],
  _kept: readonly K[] & AllNamed<E, W | K>,
): readonly W[] => written;

/** Null for every column that can be null. */
export type EmptyRow<E> = { [C in Column<E> as null extends E[C] ? C : never]: null };

/** Null for each column that can be null. For the other columns, the database has the defaults. */
export function emptyRow<E extends object>(em: EntityManager, entity: new () => E): EmptyRow<E> {
  const nullable = em
    .getMetadata()
    .get(entity)
    .props.filter((column) => column.nullable);
  return Object.fromEntries(nullable.map(({ name }) => [name, null])) as EmptyRow<E>;
}
