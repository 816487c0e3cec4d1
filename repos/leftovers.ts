/** Folders that a killed process left behind. */
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** An unfinished folder of a living process is never this old. */
const AGE_MS = 24 * 60 * 60 * 1000;

/** Removes the entries of a folder that have not changed for a day. */
export async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const made = await lstat(path).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > AGE_MS)
      await rm(path, { recursive: true, force: true });
  }
}
