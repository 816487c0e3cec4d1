/** Writes a backup of the whole registry to one file, while the registry keeps running. */
import type { Refs, Repositories } from '../../../repos/types.ts';
import { Problem } from '../../errors.ts';
import { readKeys } from '../../keys.ts';
import { rowsOf, sequencesOf, type Table, tablesOf } from '../../store/dump.ts';
import type { EntityManager } from '../../store/types.ts';
import { ArchiveWriter } from '../archive.ts';
import type { LandingDeps } from '../deps.ts';
import { repair } from '../repair/repair.ts';
import { bundleFile, FORMAT, keyFile, MANIFEST, type Manifest, tableFile } from './contents.ts';

export interface BackupDeps extends LandingDeps {
  keysFolder: string;
  version: string;
}

export interface BackupReport {
  manifest: Manifest;
  /** Names of repositories whose index is out of date and could not be repaired. */
  unsettled: string[];
}

/**
 * Waits for running changes and pauses new ones while it reads all refs, so that rows and refs show the same moment. Objects
 * never change, so it reads them afterwards. The embedded database has only one connection, so there requests also wait
 * until all rows are read. Throws `RepositoryError` `locked` and errors of the file system. After an error there is no new
 * file.
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
        const refs = await refsOfAll(repositories);
        await hold.release();
        return { refs, rows: await addRows(archive, em, tables) };
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
      };
      await archive.add(MANIFEST, [`${JSON.stringify(manifest, null, 2)}\n`]);
      await archive.finish();
      return { manifest, unsettled: failed.map(({ name }) => name) };
    } finally {
      await hold.release();
    }
  } catch (error) {
    await archive.abandon();
    throw error;
  }
}

/** The refs of all repositories. Repositories without refs are left out, because their creation is not complete. */
async function refsOfAll(repositories: Repositories): Promise<Map<string, Refs>> {
  const found = new Map<string, Refs>();
  for (const name of await repositories.list()) {
    const refs = await (await repositories.open(name)).refs();
    if (refs.size > 0) found.set(name, refs);
  }
  return found;
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
