/** What a killed process may have left in the data folder. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Files of a change that has not ended: temporary files, quarantines, drafts, locks and journal entries. */
const UNFINISHED =
  /(^|\/)(tmp_|\.tmp|incoming|quarantine|trial|ended-)|\.(lock|next|tmp|new)(~|$|\/)|~/;

const WORKSHOP = 'repos/.workshop/';

/**
 * The paths that must not be there while nobody changes anything. `running` is the number of processes that serve the
 * registry: each has a lease and an empty workshop.
 */
export async function leftovers(dataDir: string, running: number): Promise<string[]> {
  const folders = (await readdir(dataDir)).filter((name) => name !== 'postgres');
  const found = folders.map(async (folder) => [folder, ...(await pathsIn(join(dataDir, folder)))]);
  const paths = (await Promise.all(found)).flatMap(([folder = '', ...names]) =>
    names.map((name) => join(folder, name)),
  );
  const workshops = paths.filter((path) => path.startsWith(WORKSHOP));
  const leases = await readdir(join(dataDir, 'leases'));
  const journal = await readdir(join(dataDir, 'journal'));
  const own = (path: string) => leases.includes(path.slice(WORKSHOP.length));
  return [
    ...new Set([
      ...paths.filter((path) => UNFINISHED.test(path)),
      ...workshops.filter((path) => !own(path)),
      ...journal.map((name) => join('journal', name)),
      ...(leases.length === running ? [] : [`${leases.length} leases: ${leases.join(', ')}`]),
    ]),
  ];
}

/** Everything in a folder. A file has nothing in it. */
async function pathsIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
    return [];
  }
}
