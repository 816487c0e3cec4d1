/** A lock file that other processes respect and that does not outlive a killed holder. */
import { readlink, rm, symlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { RepositoryError } from './errors.ts';
import { isGone, owner } from './owner.ts';

const WAIT_MS = 10_000;
const LONGEST_PAUSE_MS = 50;

/**
 * Runs `work` while holding the lock `path`. The lock is a symbolic link whose target names its holder. It is created
 * together with its content, and the O_CREAT
 * O_EXCL with which git takes the same lock fails while it exists (open(2)). A lock of a process of this machine that
 * no longer runs is broken immediately. For any other, including git's own, this waits up to ten seconds and then
 * throws `locked`, with its name.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const until = Date.now() + WAIT_MS;
  for (let pause = 1; !(await take(path)); pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    if (await breakStale(path)) continue;
    if (Date.now() > until) {
      throw new RepositoryError('locked', `${path} stayed locked by another writer`);
    }
    await sleep(pause * (0.5 + Math.random()));
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await symlink(owner, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes the lock if its holder is gone. Only one process may break it at a time, and checks again once it is alone:
 * otherwise a second one could remove the lock that the first has just taken.
 */
async function breakStale(path: string): Promise<boolean> {
  if (!(await isStale(path))) return false;
  const breaker = `${path}.break`;
  if (!(await take(breaker))) {
    if (await isStale(breaker)) await rm(breaker, { force: true });
    return false;
  }
  try {
    if (await isStale(path)) await rm(path, { force: true });
    return true;
  } finally {
    await rm(breaker, { force: true });
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    return isGone(await readlink(path));
  } catch {
    // The lock was removed meanwhile, or is git's own lock, a plain file.
    return false;
  }
}
