/** Deletes temporary files and folders that a killed process left behind. */
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** No running process keeps a temporary folder this long without changing it. */
const AGE_MS = 24 * 60 * 60 * 1000;

/** Removes every file and folder in `folder` that has not changed for a day, except those with a name like `kept`. */
export async function sweep(folder: string, kept?: RegExp): Promise<void> {
  for (const name of await readdir(folder)) {
    if (kept?.test(name)) continue;
    const path = join(folder, name);
    const made = await lstat(path).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > AGE_MS)
      await rm(path, { recursive: true, force: true });
  }
}

/** How git names files that it has not finished (environment.c and builtin/repack.c in its source). */
const TEMPORARY = /^(tmp_|\.tmp-)/;

/**
 * Removes the files that git's programs have not finished in a repository. Only maintenance writes such files, so the caller
 * holds its lock.
 * Also removes the folder in which older registries kept the objects of pushes.
 */
export async function sweepObjects(path: string): Promise<void> {
  const objects = join(path, 'objects');
  const folders = (await readdir(objects)).filter((name) => /^([0-9a-f]{2}|pack)$/.test(name));
  for (const folder of ['', ...folders]) {
    const names = await readdir(join(objects, folder)).catch(() => []);
    for (const name of names.filter((name) => TEMPORARY.test(name)))
      await rm(join(objects, folder, name), { recursive: true, force: true });
  }
  await rm(join(path, 'quarantine'), { recursive: true, force: true });
}
