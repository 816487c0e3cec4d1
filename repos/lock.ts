/**
 * A lock between processes that a stopped process cannot keep. The lock is a folder. It contains the claim of its holder:
 * a file or folder in which the holder prepares what it will put in place. The holder releases the lock by moving the
 * claim out or by deleting it; another process breaks the lock by moving the claim away. Each of these is one rename, so
 * only one of them succeeds. After its lock was broken, a process has nothing left to put in place.
 *
 * A folder can replace an empty folder by a rename, but not one with content (rename(2)). So a lock is taken in one step,
 * and a process that removes its claim or the empty folder never removes the lock of another.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeSynced } from './durable.ts';
import { RepositoryError } from './errors.ts';
import { discard, type Leases } from './leases.ts';

const WAIT_MS = 10_000;
const LONGEST_PAUSE_MS = 50;
/** A lock file of git, or of an older registry, that does not change for this long is left from a crash. */
const FOREIGN_MS = 5000;

export interface Claim {
  /** The file or folder to prepare. Do not create it again: open files with `r+`. */
  readonly path: string;
  /** Writes and fsyncs the file. Throws `fenced` if the lock was broken. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** Throws `fenced` if the lock was broken. */
  verify(): void;
  /** Moves the claim to `to`, which also releases the lock. Throws `fenced` if the lock was broken. */
  commit(to: string): Promise<void>;
}

export interface LockOptions {
  kind?: 'file' | 'folder';
  /** The permissions of the file. */
  mode?: number;
  /** How long to wait for the lock, in milliseconds. */
  wait?: number;
  /** The folder in which the lock is prepared, in the same file system. By default, the folder of the lock. */
  drafts?: string;
}

/**
 * Runs `work` while holding the lock `path`. Breaks the lock of a process whose lease has ended. Waits for any other, and
 * then throws `locked` with the path of the lock. Git respects the lock, because git creates a file of the same name,
 * which fails while the folder exists (open(2), O_EXCL).
 */
export async function withLock<T>(
  leases: Leases,
  path: string,
  work: (claim: Claim) => Promise<T>,
  { kind = 'file', mode = 0o644, wait = WAIT_MS, drafts = dirname(path) }: LockOptions = {},
): Promise<T> {
  const name = `${leases.id}~${randomUUID()}`;
  const draft = join(drafts, `${basename(path)}~${name}`);
  try {
    await mkdir(draft);
    if (kind === 'folder') await mkdir(join(draft, name));
    else await writeFile(join(draft, name), '', { flag: 'wx', mode });
    await take(leases, draft, path, wait);
  } catch (error) {
    const isLost = drafts !== dirname(path) && !existsSync(drafts);
    await rm(draft, { recursive: true, force: true });
    throw isLost ? asFenced(error, draft) : error;
  }
  const claim = claimOf(path, name);
  try {
    return await work(claim);
  } finally {
    await rm(claim.path, { recursive: true, force: true });
    await removeEmpty(path);
  }
}

function claimOf(path: string, name: string): Claim {
  const own = join(path, name);
  return {
    path: own,
    async write(bytes) {
      try {
        await writeSynced(own, bytes, { flag: 'r+' });
      } catch (error) {
        throw asFenced(error, path);
      }
    },
    verify() {
      if (!existsSync(own)) throw fenced(path);
    },
    async commit(to) {
      try {
        await rename(own, to);
      } catch (error) {
        throw asFenced(error, path);
      }
    },
  };
}

/** This process did not run for so long that another one has ended its lease and taken `path` away. */
export const fenced = (path: string): RepositoryError =>
  new RepositoryError('fenced', `this process did not run for a while, and lost ${path}`);

/** Translates the error of a missing file that only another process can have removed. */
export const asFenced = (error: unknown, path: string): unknown =>
  (error as NodeJS.ErrnoException).code === 'ENOENT' ? fenced(path) : error;

async function take(leases: Leases, draft: string, path: string, wait: number): Promise<void> {
  const until = performance.now() + wait;
  let foreign: { stamp: string; since: number } | undefined;
  for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const found = await put(draft, path);
    if (found === 'taken') return;
    if (found === 'held' && (await breakEnded(leases, path, dirname(draft)))) continue;
    if (found === 'foreign') {
      const stamp = await stampOf(path);
      if (foreign?.stamp !== stamp) foreign = { stamp, since: performance.now() };
      else if (performance.now() - foreign.since > FOREIGN_MS) await rm(path, { force: true });
    }
    if (performance.now() > until) {
      throw new RepositoryError('locked', `${path} stayed locked by another writer`);
    }
    await sleep(pause * (0.5 + Math.random()));
  }
}

async function put(draft: string, path: string): Promise<'taken' | 'held' | 'foreign'> {
  try {
    await rename(draft, path);
    return 'taken';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return 'held';
    if (code === 'ENOTDIR') return 'foreign';
    throw error;
  }
}

async function stampOf(path: string): Promise<string> {
  const found = await lstat(path, { bigint: true }).catch(() => undefined);
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : 'absent';
}

/** Breaks the lock if the lease of its holder has ended. Returns whether the lock may be free now. */
async function breakEnded(leases: Leases, path: string, graves: string): Promise<boolean> {
  for (const name of await claims(path)) {
    if (!(await leases.isEnded(holderOf(name)))) return false;
    const grave = `${basename(path)}~${leases.id}~${randomUUID()}`;
    await discard(join(path, name), join(graves, grave));
  }
  return true;
}

/**
 * Removes what ended processes left in a folder of locks: locks, and files and folders whose names end with `~`, the lease
 * of their process, `~` and anything. Leaves the locks whose names end with `spared`.
 */
export async function sweepLocks(leases: Leases, folder: string, spared?: string): Promise<void> {
  for (const name of await claims(folder)) {
    const path = join(folder, name);
    const [, owner] = DRAFT.exec(name) ?? [];
    if (owner !== undefined) {
      if (await leases.isEnded(owner)) await rm(path, { recursive: true, force: true });
    } else if (name.endsWith('.lock') && !(spared && name.endsWith(spared))) {
      if (await breakEnded(leases, path, folder)) await removeEmpty(path);
    }
  }
}

const DRAFT = /~([^~]+)~[^~]+$/;

/** Whether a process whose lease has not ended holds the lock. */
export async function isLocked(leases: Leases, path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  for (const name of await claims(path)) {
    if (!(await leases.isEnded(holderOf(name)))) return true;
  }
  return false;
}

const holderOf = (claim: string): string => claim.slice(0, claim.indexOf('~'));

async function claims(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

/** Removes the empty folder, which would keep git out. Ignores that another process has taken the lock meanwhile. */
async function removeEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code ?? '')) throw error;
  }
}
