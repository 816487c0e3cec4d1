/** Writes a backup of the whole registry to one file, while the registry keeps running. */
import { RepositoryError } from '../../../repos/errors.ts';
import type { Refs, Repositories } from '../../../repos/types.ts';
import { MAIN } from '../../../text/refs.ts';
import { Problem } from '../../errors.ts';
import { readKeys } from '../../keys.ts';
import { type KnownDefinition, knownDefinitions } from '../../store/definitions.ts';
import { rowsOf, sequencesOf, type Table, tablesOf } from '../../store/dump.ts';
import type { EntityManager } from '../../store/types.ts';
import { ArchiveWriter } from '../archive.ts';
import type { LandingDeps } from '../deps.ts';
import { differenceOf, unknown } from '../repair/compare.ts';
import { repair } from '../repair/repair.ts';
import { bundleFile, FORMAT, keyFile, MANIFEST, type Manifest, tableFile } from './contents.ts';

export interface BackupDeps extends LandingDeps {
  keysFolder: string;
  version: string;
}

export interface BackupReport {
  manifest: Manifest;
  /** Definitions in the backup with a fault: their rows differ from their repositories and could not be repaired. */
  unsettled: LeftOut[];
  /** Definitions whose repository is not in the backup, because it is missing or damaged. */
  leftOut: LeftOut[];
}

interface LeftOut {
  name: string;
  reason: string;
}

/**
 * Waits for running changes and pauses new ones while it reads all refs, so that rows and refs show the same moment.
 * The objects of git never change, so the backup reads them afterwards. With the embedded database, which has only one
 * connection, requests also wait until all rows are read. Throws `RepositoryError` `locked` and errors of the file
 * system. After an error there is no new file.
 */
export async function backup(
  deps: BackupDeps,
  path: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<BackupReport> {
  const { store, repositories } = deps;
  const archive = await ArchiveWriter.create(path);
  try {
    const hold = await repositories.hold();
    try {
      const { failed } = await repair(deps);
      const cut = await store.snapshot(async (em) => {
        const tables = await tablesOf(em);
        const settled = await refsOfAll(repositories, await knownDefinitions(em));
        await hold.release();
        return { ...settled, rows: await addRows(archive, em, tables) };
      });
      const keys = await readKeys(deps.keysFolder);
      for (const [name, content] of keys) await archive.add(keyFile(name), [content]);
      await addRepositories(archive, repositories, cut.refs, onProgress);
      const manifest: Manifest = {
        format: FORMAT,
        version: deps.version,
        made_at: new Date().toISOString(),
        migrations: await store.applied(),
        ...cut.rows,
        repositories: [...cut.refs.keys()],
        keys: [...keys.keys()],
        ...(cut.leftOut.length > 0 && { left_out: cut.leftOut.map(({ name }) => name) }),
      };
      await archive.add(MANIFEST, [`${JSON.stringify(manifest, null, 2)}\n`]);
      await archive.finish();
      const known = new Set(cut.unsettled.map(({ name }) => name));
      const unrepaired = failed
        .filter(({ name }) => !known.has(name))
        .map(({ name, error }) => ({ name, reason: error.message }));
      return { manifest, unsettled: [...cut.unsettled, ...unrepaired], leftOut: cut.leftOut };
    } finally {
      await hold.release();
    }
  } catch (error) {
    await archive.abandon();
    throw error;
  }
}

/**
 * Reads the refs of all repositories, and compares them with the rows. A repository without refs and without a row is
 * left out, because its creation is not complete.
 */
async function refsOfAll(
  repositories: Repositories,
  known: readonly KnownDefinition[],
): Promise<Settled> {
  const cut: Settled = { refs: new Map(), leftOut: [], unsettled: [] };
  const rows = new Map(known.map((row) => [row.name, row]));
  for (const name of new Set([...(await repositories.list()), ...rows.keys()])) {
    const refs = await readRefs(repositories, name);
    if (refs) cut.refs.set(name, refs);
    const row = rows.get(name);
    if (row && refs && (refs.get(MAIN)?.oid ?? null) === row.head) continue;
    if (!row && !refs) continue;
    const difference = row ? await differenceOf(repositories, row) : unknown(name);
    if (difference === null) continue;
    (refs ? cut.unsettled : cut.leftOut).push({ name, reason: difference.problem });
  }
  return cut;
}

interface Settled {
  refs: Map<string, Refs>;
  leftOut: LeftOut[];
  unsettled: LeftOut[];
}

/** The refs of a repository. Undefined if the repository has no refs or if they cannot be read. */
async function readRefs(repositories: Repositories, name: string): Promise<Refs | undefined> {
  try {
    const refs = await (await repositories.open(name)).refs();
    return refs.size > 0 ? refs : undefined;
  } catch (error) {
    if (!(error instanceof RepositoryError)) throw error;
  }
}

async function addRows(
  archive: ArchiveWriter,
  em: EntityManager,
  tables: Table[],
): Promise<Pick<Manifest, 'tables' | 'sequences'>> {
  const counts: Record<string, number> = {};
  for (const table of tables) {
    let count = 0;
    const lines = async function* () {
      for await (const some of rowsOf(em, table)) {
        count += some.length;
        yield `${some.join('\n')}\n`;
      }
    };
    await archive.add(tableFile(table.name), lines());
    counts[table.name] = count;
  }
  return { tables: counts, sequences: await sequencesOf(em) };
}

async function addRepositories(
  archive: ArchiveWriter,
  repositories: Repositories,
  cut: ReadonlyMap<string, Refs>,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  let done = 0;
  for (const [name, refs] of cut) {
    try {
      const repository = await repositories.open(name);
      await archive.add(bundleFile(name), repository.bundle(refs), { packed: true });
    } catch (error) {
      if (await repositories.exists(name)) throw error;
      throw new Problem('conflict', `${name} was deleted during the backup. Run the backup again.`);
    }
    onProgress(++done, cut.size);
  }
}
