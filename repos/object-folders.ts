/** Folders of loose objects. Packing deletes every folder that it finds empty, even one that was just created. */
import { mkdir } from 'node:fs/promises';
import { sync } from './durable.ts';

/** How often to try. Packing ends sooner. If the repository was removed, no attempt can succeed. */
const ATTEMPTS = 10;

/**
 * Runs `put`, which writes a file into the folder. If `git prune-packed` has deleted the folder, creates the folder and
 * retries.
 */
export async function intoFolder(folder: string, put: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await put();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === ATTEMPTS) throw error;
      await makeFolder(folder);
    }
  }
}

/** Syncs a folder. A missing folder needs no sync: git has moved its objects to a pack and synced that pack. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await sync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Creates a folder if it is missing, but not its parents: they are missing if the repository was removed meanwhile. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
