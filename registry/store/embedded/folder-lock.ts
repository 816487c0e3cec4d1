import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { StoreError } from '../errors.ts';

/**
 * Creates the lock file `path` for this process. PGlite itself would let two processes open one folder, and they would
 * destroy the database. The file names the process that holds the lock, so that another process can take over the lock of
 * a killed one. Throws `database_in_use`.
 */
export async function lockFolder(path: string): Promise<{ release(): Promise<void> }> {
  const own = `${path}.${randomUUID()}`;
  const mark = `${process.pid} ${(await startOf(process.pid)) ?? ''} ${randomUUID()}\n`;
  await writeFile(own, mark, { mode: 0o600 });
  held.add(mark);
  try {
    // link() creates the file together with its content or fails. So no process ever reads a partial file.
    while (!(await linked(own, path))) await removeStale(path);
  } catch (error) {
    held.delete(mark);
    throw error;
  } finally {
    await rm(own, { force: true });
  }
  return {
    async release() {
      await rm(path, { force: true });
      held.delete(mark);
    },
  };
}

/**
 * The marks of the locks that this process holds. A lock with this process's pid may be older: after a restart, a process
 * in a container often gets the same pid again.
 */
const held = new Set<string>();

async function removeStale(path: string): Promise<void> {
  const mark = await contentOf(path);
  if (mark === undefined) return;
  if (await isAlive(mark)) throw inUse(path, mark);
  const aside = `${path}.${randomUUID()}`;
  if (!(await succeeds(rename(path, aside), 'ENOENT'))) return;
  // If another process has taken over the lock between the read and the rename, put its lock file back.
  const taken = await contentOf(aside);
  if (taken !== undefined && taken !== mark) await linked(aside, path);
  await rm(aside, { force: true });
}

async function isAlive(mark: string): Promise<boolean> {
  const [pid, start] = mark.split(' ');
  if (Number(pid) === process.pid) return held.has(mark);
  const now = await startOf(Number(pid));
  return now !== undefined && now === start;
}

/**
 * Identifies a running process by its start time, because a later process may have the same pid. Returns undefined if
 * the process does not exist. On Linux, the result is the id of the boot and the clock ticks since then (proc(5), field
 * 22 of `stat`). On other systems, the result is empty for every running process.
 */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await contentOf(`/proc/${pid}/stat`);
  if (stat !== undefined) {
    const boot = (await contentOf('/proc/sys/kernel/random/boot_id')) ?? '';
    return `${boot.trim()}/${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  }
  try {
    process.kill(pid, 0);
    return '';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : undefined;
  }
}

function linked(from: string, to: string): Promise<boolean> {
  return succeeds(link(from, to), 'EEXIST');
}

async function contentOf(path: string): Promise<string | undefined> {
  let content: string | undefined;
  const read = readFile(path, 'utf8').then((text) => {
    content = text;
  });
  await succeeds(read, 'ENOENT', 'ESRCH');
  return content;
}

/** Returns true on success, and false for one of the expected errors. Throws any other error. */
async function succeeds(work: Promise<unknown>, ...expected: string[]): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (expected.includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

function inUse(path: string, mark: string): StoreError {
  const [pid] = mark.split(' ');
  return new StoreError(
    'database_in_use',
    `The embedded database is in use by process ${pid} (${path}). Only one process at a time can use the database.`,
  );
}
