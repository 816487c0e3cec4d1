/** Restores a backup into an empty data folder and an empty database. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sync, writeSynced } from '../../../repos/durable.ts';
import { RepositoryError } from '../../../repos/errors.ts';
import type { Repositories, Repository } from '../../../repos/types.ts';
import { noteRestore } from '../../data-folder.ts';
import { Problem } from '../../errors.ts';
import { countActionsAfter } from '../../store/audit.ts';
import { isEmpty } from '../../store/dump.ts';
import { StoreError } from '../../store/errors.ts';
import type { Store } from '../../store/open.ts';
import { beginTimeline } from '../../store/timelines.ts';
import type { LandingDeps } from '../deps.ts';
import { followGit } from '../repair/follow-git.ts';
import { adoptAt, type Between } from './between.ts';
import { Chain, type Link } from './chain.ts';
import { bundleFile, keyFile, type Manifest } from './contents.ts';
import { isUnchanged } from './earlier.ts';
import { AUDIT, compareAllRows, insertAllRows } from './restore-rows.ts';

export interface RestoreDeps extends LandingDeps {
  /** The empty database, already migrated or not. */
  store: Store;
  keysFolder: string;
  /** Where to note that the restore is running. */
  restoreNote: string;
}

export interface Restored extends Manifest {
  /** The moment that was restored. */
  moment: Date;
  /** Only if the moment is between two backups. */
  between?: Between;
}

/**
 * Restores a backup, or a full backup and the incremental backups after it, oldest first. Restores keys and repositories
 * first, and then the database in one transaction. If anything fails, everything that was written is removed. Throws `Problem` `conflict` if the target is not empty, and `invalid` if the backup is incomplete.
 */
export async function restore(
  deps: RestoreDeps,
  paths: string | readonly string[],
  { at, compares = false, onProgress = () => {} }: RestoreOptions = {},
): Promise<Restored> {
  const undo = new AsyncDisposableStack();
  const chain = await Chain.open([paths].flat(), at);
  const { last, later } = chain;
  const { archive, manifest } = last;
  const moment = at && later ? at : new Date(manifest.made_at);
  try {
    await requireEmpty(deps);
    await noteRestore(deps.restoreNote, deps.store.embedded);
    undo.defer(() => rm(deps.restoreNote, { force: true }));
    await migrateTo(deps.store, manifest);
    await writeKeys(later ?? last, deps.keysFolder, undo);
    const moved = await adoptAll(deps.repositories, chain, moment, { undo, compares, onProgress });
    const omitted = await deps.store.transaction(async (em) => {
      await insertAllRows(em, { last, later, at });
      if (compares && later === undefined) await compareAllRows(em, archive);
      return later && (await countActionsAfter(em, manifest.tables[AUDIT] ?? 0));
    });
    undo.move();
    await deps.store.migrate();
    await deps.store.transaction((em) => beginTimeline(em, moment));
    const landed = await followGit(deps, moved);
    await rm(deps.restoreNote);
    return {
      ...manifest,
      moment,
      ...(later &&
        omitted && {
          between: {
            from: manifest.made_at,
            to: later.manifest.made_at,
            landed,
            omitted: Object.fromEntries(
              Object.entries(omitted).filter(([action]) => !IN_GIT.test(action)),
            ),
          },
        }),
    };
  } catch (error) {
    await undo.disposeAsync();
    throw asProblem(error);
  } finally {
    chain.close();
  }
}

/** The actions whose results are in the repositories. */
const IN_GIT =
  /^(definition\.(landed|mended|moved|archived|restored|overridden)|version\..*|merge_request\.merged)$/;

export interface RestoreOptions {
  /** The moment to restore. By default, the moment of the last backup. */
  at?: Date | undefined;
  /** Whether to read all rows back and compare them with the backup. Not for a moment between two backups. */
  compares?: boolean;
  onProgress?: (done: number, total: number) => void;
}

/** Restores all repositories. Returns those whose refs are not those of the rows, which are of an earlier moment. */
async function adoptAll(
  repositories: Repositories,
  chain: Chain,
  at: Date,
  {
    undo,
    compares,
    onProgress,
  }: Required<Omit<RestoreOptions, 'at'>> & { undo: AsyncDisposableStack },
): Promise<Repository[]> {
  const { last, later } = chain;
  const names = new Set([...last.manifest.repositories, ...(later?.manifest.repositories ?? [])]);
  const refs = await chain.refsInLast();
  const moved: Repository[] = [];
  let done = 0;
  for (const name of names) {
    undo.defer(async () => {
      if (await repositories.exists(name)) await repositories.remove(name);
    });
    const adopt = (bundles: AsyncIterable<Buffer>[]) => adoptOne(repositories, name, bundles);
    const before = refs.get(name);
    if (later === undefined) {
      const adopted = await adopt(chain.bundlesOf(name));
      if (compares && before && !isUnchanged(await adopted.refs(), before)) {
        throw new Problem('invalid', `The refs of ${name} differ from the list of refs.`);
      }
    } else {
      const adopted = await adoptAt(repositories, chain, { name, before, at, later }, adopt);
      if (adopted && !(before && isUnchanged(await adopted.refs(), before))) moved.push(adopted);
    }
    onProgress(++done, names.size);
  }
  return moved;
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

async function adoptOne(
  repositories: Repositories,
  name: string,
  bundles: AsyncIterable<Buffer>[],
): Promise<Repository> {
  try {
    return await repositories.adopt(name, ...bundles);
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

/** For a moment between two backups, the keys of the later one: it has all keys that signed until then. */
async function writeKeys(
  { archive, manifest: { keys } }: Link,
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
