/** Deletes temporary folders that a killed process left behind. */
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
