import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync, utimesSync } from 'node:fs';
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { StoreError } from '../errors.ts';

/** How often a process touches the file of its lock, in milliseconds. */
const TOUCH_EVERY = 1000;
/** A lock from another container or machine is left over if its file has not been touched for so long. */
const LEFT_AFTER = 5000;

/**
 * Creates the lock file `path` for this process. PGlite itself would let two processes open one folder, and they would
 * destroy the database. The file names the process that holds the lock, so that another process can take over the lock of
 * a killed one. Processes of other containers and machines cannot be seen, so the process also touches its file every
 * second. A process that was stopped and has lost its lock ends at once. Throws `database_in_use`.
 */
export async function lockFolder(path: string): Promise<{ release(): Promise<void> }> {
  const own = `${path}.${randomUUID()}`;
  const mark = `${process.pid} ${(await startOf(process.pid)) ?? ''} ${PIDS} ${randomUUID()}\n`;
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
  const touching = setInterval(() => touch(path, mark), TOUCH_EVERY).unref();
  return {
    async release() {
      clearInterval(touching);
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
  if (await isAlive(path, mark)) throw inUse(path, mark);
  const aside = `${path}.${randomUUID()}`;
  if (!(await succeeds(rename(path, aside), 'ENOENT'))) return;
  // If another process has taken over the lock between the read and the rename, put its lock file back.
  const taken = await contentOf(aside);
  if (taken !== undefined && taken !== mark) await linked(aside, path);
  await rm(aside, { force: true });
}

/** Identifies the table of processes in which the pids of this process count: Linux has one for each container. */
const PIDS = readPids();

function readPids(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    // Other systems have only one table.
    return 'pid';
  }
}

/** Synchronous, so that a process that wakes up ends before its database does anything. */
function touch(path: string, mark: string): void {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
    if (content === mark) utimesSync(path, new Date(), new Date());
  } catch (error) {
    // Somebody has deleted the file, or the disk fails. Nobody else uses the database yet.
    process.emitWarning(error as Error);
    return;
  }
  if (content === mark) return;
  process.stderr.write(`This process did not run for a while and has lost ${path}. It ends now.\n`);
  process.exit(1);
}

async function isAlive(path: string, mark: string): Promise<boolean> {
  const [pid, start = '', pids] = mark.trim().split(' ');
  const [boot] = start.split('/');
  // Releases before this check wrote no table of processes.
  const isOld = mark.trim().split(' ').length === 3;
  const isElsewhere = !isOld && (pids !== PIDS || boot !== (await bootId()));
  if (isElsewhere) return await isTouched(path);
  if (Number(pid) === process.pid) return held.has(mark);
  const now = await startOf(Number(pid));
  return now !== undefined && now === start;
}

/** Whether the file changes or disappears while its process, if there is one, would have touched it. */
async function isTouched(path: string): Promise<boolean> {
  const before = await timeOf(path);
  for (let waited = 0; waited < LEFT_AFTER; waited += 250) {
    await pause(250);
    const now = await timeOf(path);
    if (now === undefined) return false;
    if (now !== before) return true;
  }
  return false;
}

async function timeOf(path: string): Promise<number | undefined> {
  let time: number | undefined;
  const read = stat(path).then(({ mtimeMs }) => {
    time = mtimeMs;
  });
  await succeeds(read, 'ENOENT');
  return time;
}

/**
 * Identifies a running process by its start time, because a later process may have the same pid. Returns undefined if
 * the process does not exist. On Linux, the result is the id of the boot and the clock ticks since then (proc(5), field
 * 22 of `stat`). On other systems, the result is empty for every running process.
 */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await contentOf(`/proc/${pid}/stat`);
  if (stat !== undefined) {
    return `${await bootId()}/${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  }
  try {
    process.kill(pid, 0);
    return '';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : undefined;
  }
}

/** Empty on systems other than Linux. */
async function bootId(): Promise<string> {
  return ((await contentOf('/proc/sys/kernel/random/boot_id')) ?? '').trim();
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
