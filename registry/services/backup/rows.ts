/** Adds the rows of one moment to a backup. */
import { createReadStream } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { rowsOf, sequencesOf, tablesOf } from '../../store/dump.ts';
import type { Store } from '../../store/open.ts';
import { type Changes, ReadAhead } from '../../store/read-ahead.ts';
import type { EntityManager } from '../../store/types.ts';
import type { ArchiveWriter } from '../archive.ts';
import { type Manifest, tableFile } from './contents.ts';
import { linesOf } from './lines.ts';

type Counts = Pick<Manifest, 'tables' | 'sequences'>;

/** Adds the rows that a transaction of a database server sees. Others continue meanwhile. */
export async function addRows(
  archive: ArchiveWriter,
  em: EntityManager,
  signal?: AbortSignal,
): Promise<Counts> {
  const tables: Counts['tables'] = {};
  for (const table of await tablesOf(em)) {
    let count = 0;
    const lines = async function* () {
      for await (const some of rowsOf(em, table)) {
        signal?.throwIfAborted();
        count += some.length;
        yield `${some.join('\n')}\n`;
      }
    };
    await archive.add(tableFile(table.name), lines());
    tables[table.name] = count;
  }
  return { tables, sequences: await sequencesOf(em) };
}

/**
 * The rows of the embedded database, which serves nobody else during a transaction. They are read into files first, while
 * others continue; the transaction reads only what has changed since.
 */
export class EarlyRows {
  readonly #folder: string;
  readonly #ahead: ReadAhead;
  #changes: ReadonlyMap<string, Changes> = new Map();

  private constructor(folder: string, ahead: ReadAhead) {
    this.#folder = folder;
    this.#ahead = ahead;
  }

  /** Reads the rows into a folder beside the file `path`, which `close` deletes. */
  static async read(store: Store, path: string, signal?: AbortSignal): Promise<EarlyRows> {
    const folder = await mkdtemp(join(dirname(path), `.${basename(path)}.rows-`));
    try {
      const ahead = await ReadAhead.read(store, async (table, rows) => {
        signal?.throwIfAborted();
        const lines = rows.map(({ key, line }) => `${key}\t${line}\n`);
        await appendFile(join(folder, table), lines.join(''), { mode: 0o600 });
      });
      return new EarlyRows(folder, ahead);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Brings the rows to the moment of this transaction. */
  async catchUp(em: EntityManager): Promise<Counts> {
    this.#changes = await this.#ahead.changes(em);
    const tables = [...this.#changes].map(([name, { count }]) => [name, count]);
    return { tables: Object.fromEntries(tables), sequences: await sequencesOf(em) };
  }

  async addTo(archive: ArchiveWriter): Promise<void> {
    for (const [table, changes] of this.#changes) {
      await archive.add(tableFile(table), this.#linesOf(table, changes));
    }
  }

  /** Changed rows stay in their place. New ones follow at the end, because they may refer to any other row. */
  async *#linesOf(table: string, { written, gone }: Changes): AsyncGenerator<string> {
    const left = new Map(written);
    for await (const entry of linesOf(this.#read(table))) {
      const end = entry.indexOf('\t');
      const key = entry.slice(0, end);
      if (gone.has(key)) continue;
      yield `${left.get(key) ?? entry.slice(end + 1)}\n`;
      left.delete(key);
    }
    for (const line of left.values()) yield `${line}\n`;
  }

  async *#read(table: string): AsyncGenerator<Buffer> {
    try {
      yield* createReadStream(join(this.#folder, table)) as AsyncIterable<Buffer>;
    } catch (error) {
      // The table was empty.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
