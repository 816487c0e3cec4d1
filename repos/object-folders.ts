/** The folders of loose objects. Packing removes each folder that it has emptied, even a new one. */
import { mkdir } from 'node:fs/promises';
import { sync } from './durable.ts';

/** How often to create a folder again. Packing ends sooner; the folder of a removed repository cannot be created. */
const ATTEMPTS = 10;

/**
 * Runs `work`, which puts a file into the folder, and creates the folder again if `git prune-packed` has removed it.
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

/** The objects of a missing folder are in a pack now, which git has synced. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await sync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Does not create its parents, so that a repository that was removed meanwhile does not come back. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
