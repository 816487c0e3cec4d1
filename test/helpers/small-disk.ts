/** A small disk for tests: a file system in memory (tmpfs), mounted where only the processes inside see it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere } from './is-there.ts';

export interface SmallDisk {
  /** The disk as this process can reach it. */
  path: string;
  /** What to put before a command so that it finds the disk at the folder where it is mounted. */
  inside: string[];
  /** Takes all space. */
  fill(): Promise<void>;
  /** Gives back the space that `fill` has taken. */
  empty(): Promise<void>;
  /** The disk goes when the last process inside has ended, too. */
  close(): Promise<void>;
}

/** A namespace of mounts needs the rights of root: real ones, or those inside a namespace of users. */
const isRoot = process.getuid?.() === 0;

/** Why this machine permits no small disks, or false. */
export const noSmallDisk =
  !(await isThere('unshare', isRoot ? '-m' : '-Urm', 'true')) &&
  'this machine does not permit mounts in a namespace (unshare(1))';

/**
 * Mounts a disk with `megabytes` over a folder. Throws if this machine does not permit it (unshare(1)): a test without its
 * disk must not pass.
 */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<SmallDisk> {
  const mount = 'mount -t tmpfs -o "size=$1m,mode=755" none "$0" && echo mounted && exec cat';
  const args = [isRoot ? '-m' : '-Urm', 'sh', '-c', mount, folder, String(megabytes)];
  const keeper = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const why = once(keeper.stderr.setEncoding('utf8'), 'data').then(([text]) => String(text));
  const isMounted = await Promise.race([
    once(keeper.stdout, 'data').then(() => true),
    once(keeper, 'close').then(() => false),
  ]);
  if (!isMounted) throw new Error(`no disk for the test can be mounted: ${await why}`);
  return disk(keeper, folder);
}

function disk(keeper: ChildProcess, folder: string): SmallDisk {
  const path = `/proc/${keeper.pid}/root${folder}`;
  const filling = join(path, 'filling');
  const namespaces = isRoot ? ['-m'] : ['-U', '-m', '--preserve-credentials'];
  return {
    path,
    inside: ['nsenter', '-t', `${keeper.pid}`, ...namespaces],
    fill: () => fill(filling),
    empty: () => rm(filling, { force: true }),
    async close() {
      const ended = once(keeper, 'close');
      keeper.stdin?.end();
      await ended;
    },
  };
}

/** Writes a file until nothing more can be written. */
export async function fill(path: string): Promise<void> {
  for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 4)) {
    for (;;) {
      try {
        await writeFile(path, Buffer.alloc(size, 1), { flag: 'a' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        break;
      }
    }
  }
}
