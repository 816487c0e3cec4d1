/** A lock file that other processes respect and that a killed holder does not keep. */
import { readlink, rm, symlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { RepositoryError } from './errors.ts';
import { isGone, owner } from './owner.ts';

const WAIT_MS = 10_000;
const LONGEST_PAUSE_MS = 50;

/**
 * Runs `work` while holding `path`. The lock is a symbolic link whose target names its holder: made
 * in one step with its content, and refused by the O_CREAT|O_EXCL with which git takes the same
 * lock (open(2)). A lock of a process of this machine that is gone is broken at once; any other,
 * git's own included, is waited for up to ten seconds, then `locked` is thrown, naming it.
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
    // It was removed meanwhile, or it is git's own lock, a plain file.
    return false;
  }
}
