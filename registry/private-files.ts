/**
 * Keeps other accounts of the machine from reading what the registry writes: names of hidden definitions, their
 * content, keys. One mask covers the process and the git that it runs, so no file or folder can be missed.
 */
import { chmod, lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

const OTHERS = 0o077;

/** The mask that the process started with, for files that people want to share. */
let started: number | undefined;

function maskForOthers(): number {
  started ??= process.umask(OTHERS);
  return started;
}

/**
 * Creates the data folder, or closes an existing one with all its content (older registries left it open to others).
 * Returns the paths that belong to another account and therefore stay as they are. It only walks through open folders:
 * the content of a closed one is already unreachable.
 */
export async function openDataFolder(root: string): Promise<string[]> {
  maskForOthers();
  await mkdir(root, { recursive: true, mode: 0o700 });
  const entries = await readdir(root);
  const left: string[] = [];
  for (const path of entries.map((name) => join(root, name))) await closeIfOpen(path, left);
  // The root is closed last, so that a start after an interruption looks again.
  await close(root, left);
  return left;
}

async function closeIfOpen(path: string, left: string[]): Promise<void> {
  const found = await lstat(path).catch(goneMeanwhile);
  // The target of a link may belong to somebody else.
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

/** Another process of the registry may remove files of the same folder meanwhile. */
function goneMeanwhile(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** Gives a file for others the mode that the account which started the registry gives its files. */
export const shareFile = (path: string): Promise<void> => chmod(path, 0o666 & ~maskForOthers());

/** Creates a folder and its missing parents with the mode that this account gives its folders. */
export async function makeSharedFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let at = resolve(path); ; at = dirname(at)) {
    await chmod(at, 0o777 & ~maskForOthers());
    if (at === resolve(first)) return;
  }
}
