/**
 * Keeps what the registry writes from the other accounts of its machine: names of hidden definitions, what they hold,
 * keys. One mask for the process and the git that it runs, so that no file and no folder can be forgotten.
 */
import { chmod, lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

const OTHERS = 0o077;

/** The mask that the process was started with: for what people want to hand on. */
let started: number | undefined;

function maskForOthers(): number {
  started ??= process.umask(OTHERS);
  return started;
}

/**
 * Makes the data folder, or closes one that an older registry left open to others, with all that is in it. Gives the
 * paths that belong to another account and so stay as they are. What lies in a closed folder is out of reach: only what
 * is open is walked through.
 */
export async function openDataFolder(root: string): Promise<string[]> {
  maskForOthers();
  await mkdir(root, { recursive: true, mode: 0o700 });
  const entries = await readdir(root);
  const left: string[] = [];
  for (const path of entries.map((name) => join(root, name))) await closeIfOpen(path, left);
  // Last, so that a start that was cut off looks again.
  await close(root, left);
  return left;
}

async function closeIfOpen(path: string, left: string[]): Promise<void> {
  const found = await lstat(path).catch(goneMeanwhile);
  // The target of a link is somebody else's to close.
  if (!found || found.isSymbolicLink() || (found.mode & OTHERS) === 0) return;
  if (found.isDirectory()) {
    const names = await readdir(path).catch(goneMeanwhile);
    for (const name of names ?? []) await closeIfOpen(join(path, name), left);
  }
  await close(path, left);
}

async function close(path: string, left: string[]): Promise<void> {
  const found = await stat(path).catch(goneMeanwhile);
  if (!found || (found.mode & OTHERS) === 0) return;
  try {
    await chmod(path, found.mode & 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    left.push(path);
  }
}

/** Another process of the registry works in the same folder. */
function goneMeanwhile(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** A file that is written for others gets the mode that the account which started the registry gives its files. */
export const shareFile = (path: string): Promise<void> => chmod(path, 0o666 & ~maskForOthers());

/** Makes a folder and those above it, where they are not there, with the mode that this account gives its folders. */
export async function makeSharedFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let at = resolve(path); ; at = dirname(at)) {
    await chmod(at, 0o777 & ~maskForOthers());
    if (at === resolve(first)) return;
  }
}
