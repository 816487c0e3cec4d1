/** The folders of loose objects, which packing takes away when it has emptied them, also one made a moment ago. */
import { mkdir } from 'node:fs/promises';
import { sync } from './durable.ts';

/** How often a folder is made again. Packing ends at some time; a repository that was taken away stays away. */
const ATTEMPTS = 10;

/** Does what puts a file into the folder, which is made again where `git prune-packed` has taken it away. */
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

/** One that is gone held nothing but what a pack holds now, synced by git. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await sync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Not its parents: a repository that was taken away meanwhile is not begun anew. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
