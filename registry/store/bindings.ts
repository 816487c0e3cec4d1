/** Reads and writes bindings: which instrument is used on which computer. */

import { BindingChange } from '../schemas/equipment.ts';
import { fieldsOf, pick } from '../schemas/pick.ts';
import { emptyRow, writtenColumns } from './columns.ts';
import { among, type Condition, equal, where } from './conditions.ts';
import type { Key } from './cursor.ts';
import { ComputerBinding } from './entities/index.ts';
import { listRows } from './paging.ts';
import type { EntityManager, Listed, Page } from './types.ts';

/** A binding with the instrument's name and the computer's name and location. */
export interface BindingRow extends Omit<ComputerBinding, symbol> {
  instrument: string;
  computer_name: string;
  nickname: string | null;
  computer_location: string | null;
  lab_id: number;
}

/** The columns that callers may set: the fields of a request, and the three that identify a binding. */
const WRITTEN = writtenColumns(
  ComputerBinding,
  [...fieldsOf(BindingChange), 'instrument_id', 'computer', 'key'],
  ['id', 'created_at', 'updated_at'],
);
export type BindingFields = Pick<ComputerBinding, (typeof WRITTEN)[number]>;

export interface BindingFilters {
  /** Finds only bindings of these labs. */
  labs?: number[] | undefined;
  lab_id?: number | undefined;
  /** Id of a computer. */
  computer?: number | undefined;
  computers?: readonly number[] | undefined;
  computer_name?: string | undefined;
  instrument_id?: number | undefined;
  instrument_ids?: number[] | undefined;
  definition_id?: number | undefined;
}

const JOINED = `from computer_bindings b
  join computers c on c.id = b.computer
  join instruments i on i.id = b.instrument_id`;

// If a binding has no machine id or username, the row shows those of its computer.
const ROWS = `select b.*, coalesce(b.computer_id, c.computer_id) as computer_id,
  coalesce(b.username, c.username) as username,
  i.name as instrument, c.computer_name, c.nickname, c.location as computer_location, c.lab_id ${JOINED}`;

const BY_COMPUTER: Key[] = [
  { column: 'computer_name', kind: 'text', lower: true },
  { column: 'instrument', kind: 'text' },
  { column: 'id', kind: 'number' },
];

/** A page of bindings, ordered by computer and then by instrument. */
export async function listBindings(
  em: EntityManager,
  { filters = {}, ...page }: Page & { filters?: BindingFilters },
): Promise<Listed<BindingRow>> {
  const { sql, values } = matching(filters);
  const rows = { sql: `${ROWS} ${sql}`, values };
  const { items, ...rest } = await listRows<RawRow>(em, rows, BY_COMPUTER, page);
  return { ...rest, items: items.map(rowOf) };
}

/** All bindings that match the filters, in the order of `listBindings`. */
export async function bindingsMatching(
  em: EntityManager,
  filters: BindingFilters,
): Promise<BindingRow[]> {
  const { sql, values } = matching(filters);
  const rows = await em.execute<RawRow[]>(
    `${ROWS} ${sql} order by lower(c.computer_name), i.name, b.id`,
    values,
  );
  return rows.map(rowOf);
}

export async function findBinding(em: EntityManager, id: number): Promise<BindingRow | null> {
  const [row] = await em.execute<RawRow[]>(`${ROWS} where b.id = ?`, [id]);
  return row ? rowOf(row) : null;
}

/** The binding that a computer created with this key. The key is the computer's own id for the binding. */
export async function bindingByKey(
  em: EntityManager,
  computer: number,
  key: string,
): Promise<ComputerBinding | null> {
  return em.findOne(ComputerBinding, { computer, key });
}

/** Creates a binding and returns its id. Throws `unique_violation` if it exists. */
export async function createBinding(
  em: EntityManager,
  fields: Pick<BindingFields, 'instrument_id' | 'computer' | 'is_primary'> & Partial<BindingFields>,
): Promise<number> {
  const binding = em.create(ComputerBinding, {
    ...emptyRow(em, ComputerBinding),
    ...pick(fields, WRITTEN),
  });
  await em.persist(binding).flush();
  return binding.id;
}

export async function updateBinding(
  em: EntityManager,
  id: number,
  changes: Partial<BindingFields>,
): Promise<void> {
  const written = { ...pick(changes, WRITTEN), updated_at: new Date() };
  await em.nativeUpdate(ComputerBinding, { id }, written);
}

export async function deleteBinding(em: EntityManager, id: number): Promise<void> {
  await em.nativeDelete(ComputerBinding, { id });
}

function matching(filters: BindingFilters) {
  const { labs, computer_name, instrument_ids } = filters;
  const named: Condition | undefined =
    computer_name === undefined ? undefined : ['lower(c.computer_name) = lower(?)', computer_name];
  return where([
    among('c.lab_id', labs),
    among('b.instrument_id', instrument_ids),
    among('b.computer', filters.computers),
    equal('c.lab_id', filters.lab_id),
    equal('b.computer', filters.computer),
    equal('b.instrument_id', filters.instrument_id),
    equal('i.definition_id', filters.definition_id),
    named,
  ]);
}

/** A row of a hand-written statement, in which the driver returns times as text. */
type RawRow = Omit<BindingRow, 'last_connected' | 'created_at' | 'updated_at'> & {
  last_connected: string | null;
  created_at: string;
  updated_at: string;
};

const rowOf = (row: RawRow): BindingRow => ({
  ...row,
  last_connected: row.last_connected === null ? null : new Date(row.last_connected),
  created_at: new Date(row.created_at),
  updated_at: new Date(row.updated_at),
});
