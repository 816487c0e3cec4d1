/** Inserts the rows of a backup into an empty database, and compares them with the backup afterwards. */
import { Problem } from '../../errors.ts';
import {
  insertRows,
  rowsOf,
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
  const later_ = later?.manifest.sequences ?? {};
  return Object.fromEntries(
    Object.entries(last.manifest.sequences).map(([name, next]) => [
      name,
      Math.max(next, later_[name] ?? 0),
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
 * Reads every row back from the database and compares it with the backup. PostgreSQL writes the JSON both times, so equal
 * rows have equal texts. Throws `Problem` `invalid` with the first row that differs.
 */
export async function compareAllRows(em: EntityManager, archive: ArchiveReader): Promise<void> {
  for (const table of await tablesOf(em)) {
    const wanted = linesOf(archive.read(tableFile(table.name)));
    let row = 0;
    for await (const some of rowsOf(em, table)) {
      for (const line of some) {
        row += 1;
        const { value } = await wanted.next();
        if (value !== line) throw differs(table, row, value, line);
      }
    }
    const { done, value } = await wanted.next();
    if (!done) throw differs(table, row + 1, value, undefined);
  }
}

/** Names the columns only: rows may contain hashes of passwords. */
function differs({ name }: Table, row: number, wanted?: string, found?: string): Problem {
  const before = JSON.parse(wanted ?? '{}') as Record<string, unknown>;
  const after = JSON.parse(found ?? '{}') as Record<string, unknown>;
  const columns = Object.keys({ ...before, ...after }).filter(
    (column) => JSON.stringify(before[column]) !== JSON.stringify(after[column]),
  );
  return new Problem(
    'invalid',
    `Row ${row} of ${name} differs from the backup after the restore, in: ${columns.join(', ')}.`,
  );
}
