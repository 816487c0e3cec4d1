/**
 * Looks at the data folder before anything is opened, because opening makes whatever is absent. Refuses a folder in which
 * an empty database would be made beside repositories or keys, or in which a restore did not finish.
 */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSynced } from '../repos/durable.ts';
import type { Config } from './config.ts';
import { dataPaths } from './data-paths.ts';
import { Problem } from './errors.ts';
import { readIfThere } from './keys.ts';
import { StoreError } from './store/errors.ts';

/** The commands that make a new database beside repositories: from git, or from a backup. */
const MAKES_DATABASE = new Set(['reindex', 'restore']);

/**
 * Throws `Problem` `incomplete` if `command` must not open the folder. For `restore`, removes what a restore that did not
 * finish has left.
 */
export async function requireWhole(
  { DATA_DIR, DATABASE_URL }: Pick<Config, 'DATA_DIR' | 'DATABASE_URL'>,
  command: string,
): Promise<void> {
  const paths = dataPaths(DATA_DIR);
  const restore = await readIfThere(paths.restoring);
  if (restore !== undefined) {
    if (command !== 'restore') throw unfinished(paths.root);
    await removeUnfinished(paths, restore);
  }
  if (DATABASE_URL || existsSync(join(paths.database, 'PG_VERSION'))) return;
  // Without repositories and keys, this is a first start that was interrupted while it made the database.
  if (!(await holdsRegistry(paths))) return;
  if ((await namesIn(paths.database)).length > 0) {
    throw new Problem(
      'incomplete',
      `The embedded database in ${paths.database} is damaged: its file PG_VERSION is missing. ${waysBack(DATA_DIR)}`,
    );
  }
  if (MAKES_DATABASE.has(command)) return;
  throw new Problem(
    'incomplete',
    `There is no database in ${paths.database}, but ${paths.root} holds repositories or keys of a registry. ${waysBack(DATA_DIR)}`,
  );
}

/** Adds what to do to the error of an embedded database that cannot be opened. Returns any other error as it is. */
export function withWaysBack(error: unknown, dataDir: string): unknown {
  return error instanceof StoreError && error.code === 'database_damaged'
    ? new Problem('incomplete', `${error.message}. ${waysBack(dataDir)}`, undefined, {
        cause: error,
      })
    : error;
}

/** What to do if the embedded database is gone. */
function waysBack(dataDir: string): string {
  const { repositories, keys, database } = dataPaths(dataDir);
  return `If its disk is not mounted, mount it. If you have a backup: restore it into a new DATA_DIR, put ${repositories} and ${keys} in place of the folders there, and run registry reindex. If you have none: move ${database} away, and run registry reindex and then registry user add NAME --admin; definitions and versions come back, but people, labs, tokens and the audit trail are lost. docs/reliability.md explains both.`;
}

async function holdsRegistry({ repositories, keys }: Paths): Promise<boolean> {
  return existsSync(join(keys, 'signing-keys.json')) || (await hasRepositories(repositories));
}

type Paths = ReturnType<typeof dataPaths>;

/** Whether the folder of repositories contains a repository. */
export async function hasRepositories(folder: string): Promise<boolean> {
  return (await namesIn(folder)).some((name) => name.endsWith('.git'));
}

/** The names in a folder. Empty if the folder does not exist. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const unfinished = (root: string): Problem =>
  new Problem(
    'incomplete',
    `A restore into ${root} did not finish, so this registry is not complete. Run registry restore FILE again: the command first deletes the incomplete data. If DATABASE_URL is set, it must name an empty database.`,
  );

/**
 * Notes that a restore is running, until it is complete. Only an empty registry is restored into, so everything beside
 * the note belongs to the restore.
 */
export async function noteRestore(path: string, isEmbedded: boolean): Promise<void> {
  await writeSynced(path, JSON.stringify({ pid: process.pid, isEmbedded }), { mode: 0o600 });
}

/** Whether this machine has a process with the number; it may be another program by now. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function removeUnfinished(paths: Paths, note: string): Promise<void> {
  const { pid = 0, isEmbedded = false } = note === '' ? {} : JSON.parse(note);
  if (pid !== 0 && isRunning(pid)) {
    throw new Problem(
      'conflict',
      `Process ${pid} is restoring into ${paths.root}. If process ${pid} is not a restore, delete ${paths.restoring} and everything else in the folder.`,
    );
  }
  await rm(paths.repositories, { recursive: true, force: true });
  await rm(paths.journal, { recursive: true, force: true });
  await rm(paths.keys, { recursive: true, force: true });
  if (isEmbedded) await rm(paths.database, { recursive: true, force: true });
  await rm(paths.restoring);
}
