/** The columns of a table, from its entity. */
import type { EntityManager } from './types.ts';

type EntityClass<E> = abstract new () => E;

/** The names of an entity's columns. */
export type Column<E> = Exclude<keyof E, symbol>;

/** What is wrong with the two lists of `writtenColumns`; the name of the type stands in the compiler's message. */
type EachNamed<E, Named> = [Exclude<Column<E>, Named>] extends [never]
  ? unknown
  : { neitherWrittenNorKept: Exclude<Column<E>, Named> };

/**
 * The columns that a store writes: mostly the fields of a route's schema (`fieldsOf`). `kept` are the columns that it never
 * writes. The type check fails if a field is not a column, and if a column is in neither list.
 */
export const writtenColumns = <
  E extends object,
  const W extends Column<E>,
  const K extends Column<E>,
>(
  _entity: EntityClass<E>,
  written: readonly W[],
  _kept: readonly K[] & EachNamed<E, W | K>,
): readonly W[] => written;

/** Null for every column that can be null. */
export type EmptyRow<E> = { [C in Column<E> as null extends E[C] ? C : never]: null };

/** What a new row has where no value is given: null where a column can be null, else the default of the database. */
export function emptyRow<E extends object>(em: EntityManager, entity: new () => E): EmptyRow<E> {
  const nullable = em
    .getMetadata()
    .get(entity)
    .props.filter((column) => column.nullable);
  return Object.fromEntries(nullable.map(({ name }) => [name, null])) as EmptyRow<E>;
}
