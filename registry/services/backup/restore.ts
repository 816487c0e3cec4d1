/** Restores a backup into an empty data folder and an empty database. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sync, writeSynced } from '../../../repos/durable.ts';
import { RepositoryError } from '../../../repos/errors.ts';
import type { Repositories } from '../../../repos/types.ts';
import { noteRestore } from '../../data-folder.ts';
import { Problem } from '../../errors.ts';
import {
  insertRows,
  isEmpty,
  setSequences,
  type Table,
  tablesOf,
  withoutTriggers,
} from '../../store/dump.ts';
import { StoreError } from '../../store/errors.ts';
import type { Store } from '../../store/open.ts';
import { beginTimeline } from '../../store/timelines.ts';
import type { EntityManager } from '../../store/types.ts';
import type { ArchiveReader } from '../archive.ts';
import { Chain } from './chain.ts';
import { bundleFile, keyFile, type Manifest, tableFile } from './contents.ts';
import { linesOf } from './lines.ts';

export interface RestoreDeps {
  /** The empty database, already migrated or not. */
  store: Store;
  repositories: Repositories;
  keysFolder: string;
  /** Where to note that the restore is running. */
  restoreNote: string;
}

/**
 * Restores a backup, or a full backup and the incremental backups after it, oldest first. Restores keys and repositories
 * first, and then the database in one transaction. If anything fails, everything that was
 * written is removed. Throws `Problem` `conflict` if the target is not empty, and `invalid` if the backup is incomplete.
 */
export async function restore(
  deps: RestoreDeps,
  paths: string | readonly string[],
  { at, onProgress = () => {} }: RestoreOptions = {},
): Promise<Manifest> {
  const undo = new AsyncDisposableStack();
  const chain = await Chain.open([paths].flat(), at);
  const { archive, manifest } = chain.last;
  try {
    await requireEmpty(deps);
    await noteRestore(deps.restoreNote, deps.store.embedded);
    undo.defer(() => rm(deps.restoreNote, { force: true }));
    await migrateTo(deps.store, manifest);
    await writeKeys(archive, manifest, deps.keysFolder, undo);
    let done = 0;
    for (const name of manifest.repositories) {
      await adopt(deps.repositories, name, chain.bundlesOf(name));
      undo.defer(() => deps.repositories.remove(name));
      onProgress(++done, manifest.repositories.length);
    }
    await deps.store.transaction((em) => insertAllRows(em, archive, manifest));
    undo.move();
    await deps.store.migrate();
    await deps.store.transaction((em) => beginTimeline(em, new Date(manifest.made_at)));
    await rm(deps.restoreNote);
    return manifest;
  } catch (error) {
    await undo.disposeAsync();
    throw asProblem(error);
  } finally {
    chain.close();
  }
}

export interface RestoreOptions {
  /** Restores the last of the backups that was not made after this time. By default, the last backup. */
  at?: Date | undefined;
  onProgress?: (done: number, total: number) => void;
}

/**
 * Turns errors of the database and of git into a `Problem` without a stack trace, because they mean that the backup is
 * damaged. Errors of the machine (such as a lost database) stay unchanged. Any other error is a bug and must not look
 * like a damaged backup.
 */
function asProblem(error: unknown): unknown {
  if (!(error instanceof StoreError || error instanceof RepositoryError)) return error;
  if (SURROUNDINGS.has(error.code)) return error;
  const [reason = ''] = error.message.split('\n', 1);
  return new Problem(
    'invalid',
    `The backup is damaged, or was not made by a registry: ${reason.slice(0, 300)}.`,
    undefined,
    { cause: error },
  );
}

const SURROUNDINGS = new Set<string>(['database_unavailable', 'database_in_use', 'locked']);

async function adopt(
  repositories: Repositories,
  name: string,
  bundles: AsyncIterable<Buffer>[],
): Promise<void> {
  try {
    await repositories.adopt(name, ...bundles);
  } catch (error) {
    if (!(error instanceof RepositoryError) || SURROUNDINGS.has(error.code)) throw error;
    throw new Problem('invalid', `The backup is damaged: ${bundleFile(name)}: ${error.message}.`);
  }
}

async function requireEmpty({ store, repositories, keysFolder }: RestoreDeps): Promise<void> {
  const keys = await readdir(keysFolder).catch(() => []);
  const there = [
    ...((await isEmpty(store.em())) ? [] : ['rows in the database']),
    ...((await repositories.list()).length > 0 ? [`repositories in ${repositories.root}`] : []),
    ...(keys.length > 0 ? [`keys in ${keysFolder}`] : []),
  ];
  if (there.length === 0) return;
  throw new Problem(
    'conflict',
    `A backup can be restored only into an empty registry, but there are ${there.join(' and ')}. Use an empty DATA_DIR (and an empty database, if DATABASE_URL is set), and start the registry afterwards.`,
  );
}

/** Migrates the database to the schema that the rows in the backup have. */
async function migrateTo(store: Store, { migrations, version }: Manifest): Promise<void> {
  const before = await store.applied();
  if (!before.every((name) => migrations.includes(name))) {
    throw new Problem(
      'conflict',
      'The database is empty, but its schema is newer than the backup. Use a database without any tables.',
    );
  }
  const known = new Set([...before, ...(await store.pending())]);
  const unknown = migrations.filter((name) => !known.has(name));
  if (unknown.length === 0) {
    await store.migrate(migrations.at(-1));
    return;
  }
  throw new Problem(
    'invalid',
    `The backup was made by version ${version}, which is newer than this registry. This registry does not know: ${unknown.join(', ')}.`,
  );
}

async function writeKeys(
  archive: ArchiveReader,
  { keys }: Manifest,
  folder: string,
  undo: AsyncDisposableStack,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of keys) {
    undo.defer(() => rm(join(folder, name), { force: true }));
    await writeSynced(join(folder, name), await archive.text(keyFile(name)), { mode: 0o600 });
  }
  await sync(folder);
}

async function insertAllRows(em: EntityManager, archive: ArchiveReader, manifest: Manifest) {
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
      const count = await insertTable(em, archive, table);
      if (count === manifest.tables[table.name]) continue;
      throw new Problem(
        'invalid',
        `The backup has ${count} rows of ${table.name}, but its manifest says ${manifest.tables[table.name]}.`,
      );
    }
  });
  await setSequences(em, manifest.sequences);
}

/** The size at which collected rows are inserted with one SQL statement, in characters. */
const AT_ONCE = 1024 * 1024;

async function insertTable(
  em: EntityManager,
  archive: ArchiveReader,
  table: Table,
): Promise<number> {
  let [count, size] = [0, 0];
  let waiting: string[] = [];
  for await (const line of linesOf(archive.read(tableFile(table.name)))) {
    waiting.push(line);
    size += line.length;
    count += 1;
    if (size < AT_ONCE) continue;
    await insertRows(em, table, waiting);
    [waiting, size] = [[], 0];
  }
  await insertRows(em, table, waiting);
  return count;
}
