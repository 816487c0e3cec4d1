/**
 * Reads all rows in small statements while others keep writing, and afterwards only what has changed since. For the embedded
 * database, which has one connection: a dump in one transaction would keep everybody waiting.
 *
 * PostgreSQL marks each row with the transaction that wrote it (`xmin`), so rows written since are found by one look at each
 * row, without its values (docs/decisions/0052-backup-of-the-embedded-database.md).
 */
import { type Table, tablesOf } from './dump.ts';
import type { Store } from './open.ts';
import type { EntityManager } from './types.ts';

interface Row {
  /** The values of the primary key, as JSON. */
  key: string;
  line: string;
}

/** Receives the rows of a table in the order of their key. */
export type Sink = (table: string, rows: readonly Row[]) => Promise<void>;

/** What happened to the rows of a table since they were read. */
export interface Changes {
  count: number;
  /** New and changed rows by their key, in the order of the key. */
  written: Map<string, string>;
  gone: ReadonlySet<string>;
}

/** A page of definitions with long sources takes a few milliseconds. */
const ROWS = 50;

export class ReadAhead {
  readonly #tables: Table[];
  readonly #mark: string;
  readonly #keys = new Map<string, Set<string>>();

  private constructor(tables: Table[], mark: string) {
    this.#tables = tables;
    this.#mark = mark;
  }

  /** Reads all rows. Others use the database between the statements. */
  static async read(store: Store, sink: Sink): Promise<ReadAhead> {
    const { tables, mark } = await store.hold(async (em) => {
      const [{ mark }] = await em.execute<[{ mark: string }]>(
        'select pg_current_xact_id()::xid::text as mark',
      );
      return { mark, tables: await tablesOf(em) };
    });
    const ahead = new ReadAhead(tables, mark);
    for (const table of tables) {
      const keys = new Set<string>();
      ahead.#keys.set(table.name, keys);
      for await (const rows of pagesOf(store, table)) {
        for (const { key } of rows) keys.add(key);
        await sink(table.name, rows);
      }
    }
    return ahead;
  }

  /** The changes of each table since `read`. Must be called within a transaction. */
  async changes(em: EntityManager): Promise<Map<string, Changes>> {
    const all = new Map<string, Changes>();
    for (const table of this.#tables) all.set(table.name, await this.#changesOf(em, table));
    return all;
  }

  async #changesOf(em: EntityManager, table: Table): Promise<Changes> {
    const [{ count, written: some }] = await em.execute<[{ count: number; written: number }]>(
      `select count(*)::int as count, (count(*) filter (where ${WRITTEN_SINCE}))::int as written
         from "${table.name}"`,
      [this.#mark],
    );
    const rows =
      some === 0
        ? []
        : await em.execute<Row[]>(
            `${selecting(table)} where ${WRITTEN_SINCE} order by ${listed(table.key)}`,
            [this.#mark],
          );
    const written = new Map(rows.map(({ key, line }) => [key, line]));
    const known = new Set([...(this.#keys.get(table.name) ?? []), ...written.keys()]);
    // Every row is known by now. If there are fewer, the others were deleted.
    if (known.size === count) return { count, written, gone: new Set() };
    const now = await em.execute<{ key: string }[]>(
      `select ${keyOf(table)} as key from "${table.name}"`,
    );
    for (const { key } of now) known.delete(key);
    return { count, written, gone: known };
  }
}

/** `age` counts transactions back from the newest, so it is right even after the numbers have begun anew. */
const WRITTEN_SINCE = 'age(xmin) < age(?::xid)';

const listed = (columns: readonly string[]): string =>
  columns.map((column) => `"${column}"`).join(', ');

const keyOf = ({ key }: Table): string => `jsonb_build_array(${listed(key)})::text`;

/** Selects rows with their key. The columns of the key keep their names, so that a condition can use an index. */
const selecting = (table: Table): string =>
  `select ${keyOf(table)} as key,
          (select to_jsonb(kept)::text
             from (select ${table.columns.map((column) => `"${table.name}"."${column}"`).join(', ')}) kept) as line
     from "${table.name}"`;

async function* pagesOf(store: Store, table: Table): AsyncGenerator<Row[]> {
  const { key, keyTypes } = table;
  const after = `(${listed(key)}) > (${keyTypes.map((type) => `?::${type}`).join(', ')})`;
  let last: unknown[] | undefined;
  for (;;) {
    const rows = await store
      .em()
      .execute<Row[]>(
        `${selecting(table)} ${last ? `where ${after}` : ''} order by ${listed(key)} limit ${ROWS}`,
        last,
      );
    if (rows.length > 0) yield rows;
    const end = rows.at(-1);
    if (end === undefined || rows.length < ROWS) return;
    last = JSON.parse(end.key) as unknown[];
  }
}
