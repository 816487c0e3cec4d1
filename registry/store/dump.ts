/**
 * Exports every row of the database as a line of JSON, and imports such lines. PostgreSQL itself writes and reads the
 * JSON. So a PostgreSQL server and the embedded database accept each other's dumps, and JavaScript converts no value.
 * The tables come from PostgreSQL's catalogue, so a new table needs no change here.
 */
import { StoreError } from './errors.ts';
import type { EntityManager } from './types.ts';

export interface Table {
  name: string;
  /** All columns except generated ones, which PostgreSQL computes again. */
  columns: string[];
  key: string[];
  /** The types of the columns of the key. */
  keyTypes: string[];
}

/** How many rows are in memory at a time. */
const ROWS = 200;

/**
 * All tables except those about this database itself and its processes. A table comes after the tables to which its
 * foreign keys refer.
 */
export async function tablesOf(em: EntityManager): Promise<Table[]> {
  const tables = await em.execute<(Table & { refers_to: string[] })[]>(`
    select c.relname as name,
           (select json_agg(attname order by attnum) from pg_attribute
             where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns,
           (select json_agg(a.attname order by k.place)
              from pg_index i cross join unnest(i.indkey::int2[]) with ordinality k(number, place)
              join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
             where i.indrelid = c.oid and i.indisprimary) as key,
           (select json_agg(format_type(a.atttypid, a.atttypmod) order by k.place)
              from pg_index i cross join unnest(i.indkey::int2[]) with ordinality k(number, place)
              join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
             where i.indrelid = c.oid and i.indisprimary) as "keyTypes",
           (select coalesce(json_agg(distinct r.relname), '[]') from pg_constraint f
              join pg_class r on r.oid = f.confrelid
             where f.conrelid = c.oid and f.contype = 'f' and r.oid <> c.oid) as refers_to
      from pg_class c
     where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
       and c.relname not in ('migrations', 'followers')
     order by c.relname`);
  const sorted: typeof tables = [];
  for (let waiting = tables; waiting.length > 0; ) {
    const isThere = (name: string) => sorted.some((table) => table.name === name);
    const ready = waiting.filter(({ refers_to }) => refers_to.every(isThere));
    if (ready.length === 0) throw new Error('the foreign keys of tables form a circle');
    sorted.push(...ready);
    waiting = waiting.filter((table) => !ready.includes(table));
  }
  return sorted.map(({ refers_to: _, ...table }) => table);
}

/** Yields the rows in the order of their key, in batches. Must be called within a transaction. */
export async function* rowsOf(em: EntityManager, table: Table): AsyncGenerator<string[]> {
  const columns = listed(table.columns);
  const cursor = `dump_${table.name}`;
  await em.execute(
    `declare ${cursor} cursor for select to_jsonb(kept)::text as line
       from (select ${columns} from "${table.name}" order by ${listed(table.key)}) kept`,
  );
  for (;;) {
    const rows = await em.execute<{ line: string }[]>(`fetch ${ROWS} from ${cursor}`);
    if (rows.length === 0) break;
    yield rows.map(({ line }) => line);
  }
  await em.execute(`close ${cursor}`);
}

const listed = (columns: string[]): string => columns.map((column) => `"${column}"`).join(', ');

/**
 * Runs `work` with the triggers of these tables disabled, because a dump already contains the rows that triggers wrote.
 * Must be called within a transaction.
 */
export async function withoutTriggers(
  em: EntityManager,
  tables: Table[],
  work: () => Promise<void>,
): Promise<void> {
  for (const { name } of tables) await em.execute(`alter table "${name}" disable trigger user`);
  await work();
  for (const { name } of tables) await em.execute(`alter table "${name}" enable trigger user`);
}

/** Throws `StoreError` if a line is not a row of this table. */
export async function insertRows(em: EntityManager, table: Table, lines: string[]): Promise<void> {
  if (lines.length === 0) return;
  const columns = listed(table.columns);
  await em.execute(
    `insert into "${table.name}" (${columns})
     select ${columns} from jsonb_populate_recordset(null::"${table.name}", ?::jsonb)`,
    [`[${lines.join(',')}]`],
  );
}

/**
 * Compares these rows, as `rowsOf` gives them, with those of the table that have the same key. Returns the first that
 * differs, and the row of the table if there is one.
 */
export async function findDifferent(
  em: EntityManager,
  table: Table,
  lines: string[],
): Promise<{ wanted: object; found: object | null } | undefined> {
  const isSame = table.key.map(
    (column, n) => `kept."${column}" = (wanted->>'${column}')::${table.keyTypes[n]}`,
  );
  const rows = await em.execute<{ wanted: object; found: object | null }[]>(
    `select wanted, to_jsonb(kept) as found
       from jsonb_array_elements(?::jsonb) wanted
       left join (select ${listed(table.columns)} from "${table.name}") kept on ${isSame.join(' and ')}
      where to_jsonb(kept) is distinct from wanted
      limit 1`,
    [`[${lines.join(',')}]`],
  );
  return rows[0];
}

/** Tables with rows that stay as they are, and the columns that identify such a row and its content. */
const NEVER_CHANGES = {
  audit_events: ['id', 'hash'],
  versions: ['definition_id', 'version', 'commit', 'tag'],
};
type NeverChanges = keyof typeof NEVER_CHANGES;
export const LASTING_TABLES = Object.keys(NEVER_CHANGES) as NeverChanges[];

/** How many of these rows, as `rowsOf` gives them, the table does not have. */
export async function countAbsent(
  em: EntityManager,
  table: NeverChanges,
  lines: string[],
): Promise<number> {
  const columns = listed(NEVER_CHANGES[table]);
  const [row] = await em.execute<[{ count: number }]>(
    `select count(*)::int as count from (
       select ${columns} from jsonb_populate_recordset(null::"${table}", ?::jsonb)
       except select ${columns} from "${table}") absent`,
    [`[${lines.join(',')}]`],
  );
  return row.count;
}

/** The next number of each sequence. Must be read after the rows, because sequences are not transactional. */
export async function sequencesOf(em: EntityManager): Promise<Record<string, number>> {
  const names = await em.execute<{ name: string }[]>(
    `select relname as name from pg_class
      where relkind = 'S' and relnamespace = current_schema()::regnamespace and relname <> 'migrations_id_seq'
      order by relname`,
  );
  const next: Record<string, number> = {};
  for (const { name } of names) {
    const [row] = await em.execute<[{ next: number }]>(
      `select (last_value + is_called::int)::int as next from "${name}"`,
    );
    next[name] = row.next;
  }
  return next;
}

/** Throws `invalid_value` if the schema does not have one of these sequences. */
export async function setSequences(em: EntityManager, next: Record<string, number>): Promise<void> {
  const known = await sequencesOf(em);
  for (const [name, value] of Object.entries(next)) {
    if (!Object.hasOwn(known, name))
      throw new StoreError('invalid_value', `there is no sequence ${name}`);
    await em.execute('select setval(?::regclass, ?, false)', [`"${name}"`, value]);
  }
}

/** Whether all tables are empty. */
export async function isEmpty(em: EntityManager): Promise<boolean> {
  for (const { name } of await tablesOf(em)) {
    const rows = await em.execute(`select 1 from "${name}" limit 1`);
    if (rows.length > 0) return false;
  }
  return true;
}
