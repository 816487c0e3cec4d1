/** Inserts the rows of a backup into an empty database, and compares them with the backup afterwards. */
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../errors.ts';
import {
  findDifferent,
  insertRows,
  setSequences,
  type Table,
  tablesOf,
  withoutTriggers,
} from '../../store/dump.ts';
import type { EntityManager } from '../../store/types.ts';
import type { ArchiveReader } from '../archive.ts';
import type { Link } from './chain.ts';
import { type Manifest, tableFile } from './contents.ts';
import { batchesOf, linesOf } from './lines.ts';

export const AUDIT = 'audit_events';

/** The rows to restore. */
export interface RowSource {
  last: Link;
  /** With `at`, the audit trail comes from this backup, which has it up to a later moment. */
  later?: Link | undefined;
  at?: Date | undefined;
}

/** Throws `Problem` `invalid` if tables or rows are missing. */
export async function insertAllRows(em: EntityManager, source: RowSource): Promise<void> {
  const { manifest } = source.last;
  const tables = await tablesOf(em);
  const names = tables.map(({ name }) => name).sort();
  if (names.join() !== Object.keys(manifest.tables).sort().join()) {
    throw new Problem(
      'invalid',
      `The tables of the backup differ from its schema: ${names.join(', ')}.`,
    );
  }
  await withoutTriggers(em, tables, async () => {
    for (const table of tables) {
      const count = await insertTable(em, table, linesIn(source, table.name));
      if (count === manifest.tables[table.name] || hasMore(source, table.name)) continue;
      throw new Problem(
        'invalid',
        `The backup has ${count} rows of ${table.name}, but its manifest says ${manifest.tables[table.name]}.`,
      );
    }
  });
  await setSequences(em, sequencesIn(source));
}

const hasMore = ({ later }: RowSource, table: string): boolean =>
  later !== undefined && table === AUDIT;

function linesIn(source: RowSource, table: string): AsyncIterable<string> {
  const { archive } = hasMore(source, table) && source.later ? source.later : source.last;
  const lines = linesOf(archive.read(tableFile(table)));
  return hasMore(source, table) ? until(lines, source) : lines;
}

/** The entries of the audit trail up to the moment, and at least those of the earlier backup. */
async function* until(
  lines: AsyncIterable<string>,
  { last, at = new Date() }: RowSource,
): AsyncGenerator<string> {
  let left = last.manifest.tables[AUDIT] ?? 0;
  for await (const line of lines) {
    if (left-- <= 0 && new Date((JSON.parse(line) as { at: string }).at) > at) return;
    yield line;
  }
}

/** No number of the later backup is used again: lab computers and clones may know it. */
function sequencesIn({ last, later }: RowSource): Manifest['sequences'] {
  const used = later?.manifest.sequences ?? {};
  return Object.fromEntries(
    Object.entries(last.manifest.sequences).map(([name, next]) => [
      name,
      Math.max(next, used[name] ?? 0),
    ]),
  );
}

async function insertTable(
  em: EntityManager,
  table: Table,
  lines: AsyncIterable<string>,
): Promise<number> {
  let count = 0;
  for await (const batch of batchesOf(lines)) {
    await insertRows(em, table, batch);
    count += batch.length;
  }
  return count;
}

/**
 * Compares every row of the backup with that of the database, column by column. The numbers of rows were compared before.
 * Throws `Problem` `invalid` for the first row that differs. Names only columns: rows may contain hashes of passwords.
 */
export async function compareAllRows(em: EntityManager, archive: ArchiveReader): Promise<void> {
  for (const table of await tablesOf(em)) {
    for await (const batch of batchesOf(linesOf(archive.read(tableFile(table.name))))) {
      const different = await findDifferent(em, table, batch);
      if (different === undefined) continue;
      const [wanted, found] = [
        new Map(Object.entries(different.wanted)),
        new Map(Object.entries(different.found ?? {})),
      ];
      const columns = [...wanted.keys()].filter(
        (column) => !isDeepStrictEqual(wanted.get(column), found.get(column)),
      );
      const key = table.key.map((column) => wanted.get(column)).join(', ');
      throw new Problem(
        'invalid',
        `Row ${key} of ${table.name} differs from the backup after the restore, in: ${columns.join(', ')}.`,
      );
    }
  }
}
