/**
 * A lock file between processes. If the process that holds the lock is killed, another process removes the lock file.
 */
import { readlink, rm, symlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { RepositoryError } from './errors.ts';
import { isGone, owner } from './owner.ts';

const WAIT_MS = 10_000;
const LONGEST_PAUSE_MS = 50;

/**
 * Runs `work` while holding the lock `path`. The lock is a symbolic link; its target names the process that holds it. A
 * link and its target are created in one step. Git respects the lock, because git creates the same file with O_CREAT |
 * O_EXCL, which fails while the link exists (open(2)).
 *
 * If the holder was a process of this machine and has ended, the lock is removed immediately. For any other lock,
 * including a lock of git, `withLock` waits up to ten seconds and then throws `locked` with the path of the lock.
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
 * Removes the lock if its holder has ended. Only one process at a time may remove the lock, and that process checks the
 * lock again. Otherwise a second process could remove the lock that the first process has just taken.
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
    // The lock was removed meanwhile, or it is a plain file, which is a lock of git.
    return false;
  }
}
