/**
 * Writes whole rows. MikroORM makes the text of each statement anew, from the row and the metadata, which costs more than
 * the database needs to run it. Here the text is made once for each entity and set of columns.
 */
import type { EntityProperty } from '@mikro-orm/core';
import type { EntityManager } from './types.ts';

type EntityClass<E> = new () => E;

/** The text of the statements for some columns of an entity. A `?` stands for a value, in the order of `columns`, then of `key`. */
interface Statements {
  columns: readonly EntityProperty[];
  key: readonly EntityProperty[];
  update: string;
  upsert: string;
}

const statements = new WeakMap<EntityClass<unknown>, Map<string, Statements>>();

function statementsFor<E extends object>(
  em: EntityManager,
  entity: EntityClass<E>,
  row: object,
): Statements {
  const ofEntity = statements.get(entity) ?? new Map<string, Statements>();
  statements.set(entity, ofEntity);
  const given = Object.keys(row).join();
  const known = ofEntity.get(given);
  if (known) return known;
  const { props, tableName } = em.getMetadata().get(entity);
  const written = props.filter(({ name }) => name in row);
  const key = written.filter(({ primary }) => primary);
  const columns = written.filter(({ primary }) => !primary);
  const nameOf = ({ fieldNames: [name] }: EntityProperty): string => `"${name}"`;
  const names = [...columns, ...key].map(nameOf);
  const set = columns.map((column) => `${nameOf(column)} = ?`);
  const taken = columns.map((column) => `${nameOf(column)} = excluded.${nameOf(column)}`);
  const where = key.map((column) => `${nameOf(column)} = ?`);
  const made = {
    columns,
    key,
    update: `update "${tableName}" set ${set.join(', ')} where ${where.join(' and ')}`,
    upsert: `insert into "${tableName}" (${names.join(', ')}) values (${names.map(() => '?').join(', ')})
             on conflict (${key.map(nameOf).join(', ')}) do update set ${taken.join(', ')}`,
  };
  ofEntity.set(given, made);
  return made;
}

function valuesOf(em: EntityManager, { columns, key }: Statements, row: object): unknown[] {
  const platform = em.getPlatform();
  return [...columns, ...key].map(({ name, customType }) => {
    const value = (row as Record<string, unknown>)[name];
    return customType ? customType.convertToDatabaseValue(value, platform) : value;
  });
}

/** Updates the row with the same key. Returns whether there was one. */
export async function updateRow<E extends object>(
  em: EntityManager,
  entity: EntityClass<E>,
  row: object,
): Promise<boolean> {
  const made = statementsFor(em, entity, row);
  const values = valuesOf(em, made, row);
  const { affectedRows } = await em.execute<{ affectedRows: number }>(made.update, values, 'run');
  return affectedRows > 0;
}

/** Inserts the row, or updates the one with the same key. */
export async function upsertRow<E extends object>(
  em: EntityManager,
  entity: EntityClass<E>,
  row: object,
): Promise<void> {
  const made = statementsFor(em, entity, row);
  await em.execute(made.upsert, valuesOf(em, made, row), 'run');
}
