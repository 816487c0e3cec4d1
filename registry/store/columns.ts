/** Derives lists of columns from entities, so that the type check finds a missing one. */
import type { EntityManager } from './types.ts';

type EntityClass<E> = abstract new () => E;

/** The names of an entity's columns. */
export type Column<E> = Exclude<keyof E, symbol>;

/** Accepts any list if `Named` contains all columns. Otherwise the compiler's message names the missing columns. */
type AllNamed<E, Named> = [Exclude<Column<E>, Named>] extends [never]
  ? unknown
  : { neitherWrittenNorKept: Exclude<Column<E>, Named> };

/**
 * Returns `written`, the columns that callers of a store can set: mostly the fields of a route's schema (`fieldsOf`).
 * `kept` must list all other columns. The type check fails if a field is not a column, or if a column is in neither list.
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

/** Has null for every column that can be null. */
export type EmptyRow<E> = { [C in Column<E> as null extends E[C] ? C : never]: null };

/** Makes a row with null in each column that can be null. The database has defaults for the other columns. */
export function emptyRow<E extends object>(em: EntityManager, entity: new () => E): EmptyRow<E> {
  const nullable = em
    .getMetadata()
    .get(entity)
    .props.filter((column) => column.nullable);
  return Object.fromEntries(nullable.map(({ name }) => [name, null])) as EmptyRow<E>;
}
