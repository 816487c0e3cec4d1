/**
 * Prevents other accounts of the machine from reading the files of the registry: keys, and names and content of hidden
 * definitions. Sets the umask of the process, which git inherits, so that it applies to every new file and folder.
 */
import { chmod, lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

const OTHERS = 0o077;

/** The umask with which the process started. Files that people want to share get permissions by this mask. */
let started: number | undefined;

function maskForOthers(): number {
  started ??= process.umask(OTHERS);
  return started;
}

/**
 * Creates the data folder so that other accounts cannot read it. If the folder exists, removes the permissions of other
 * accounts from it, because older versions of the registry left them. Does not look into a folder that is already
 * closed to others. Returns the paths that belong to another account, because their permissions cannot be changed.
 */
export async function openDataFolder(root: string): Promise<string[]> {
  maskForOthers();
  await mkdir(root, { recursive: true, mode: 0o700 });
  const entries = await readdir(root);
  const left: string[] = [];
  for (const path of entries.map((name) => join(root, name))) await closeIfOpen(path, left);
  // Closes the root last. If the process is interrupted before, the next start checks everything again.
  await close(root, left);
  return left;
}

async function closeIfOpen(path: string, left: string[]): Promise<void> {
  const found = await lstat(path).catch(goneMeanwhile);
  // Does not follow links, because the target of a link may be anywhere.
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

/** Ignores that a file does not exist, because another process of the registry may delete files meanwhile. */
function goneMeanwhile(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** Gives a file the permissions that new files of the account usually have, so that people can share it. */
export const shareFile = (path: string): Promise<void> => chmod(path, 0o666 & ~maskForOthers());

/** Creates a folder and its missing parents with the permissions that new folders of the account usually have. */
export async function makeSharedFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let at = resolve(path); ; at = dirname(at)) {
    await chmod(at, 0o777 & ~maskForOthers());
    if (at === resolve(first)) return;
  }
}
