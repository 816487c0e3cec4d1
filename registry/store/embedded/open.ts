/** Opens the embedded database: PGlite in a worker thread, which speaks PostgreSQL's protocol like a server. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { getCompileCacheDir } from 'node:module';
import { dirname, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { StoreError } from '../errors.ts';
import { lockFolder } from './folder-lock.ts';
import { Session } from './session.ts';

export interface EmbeddedDatabase {
  /** Opens a session. The session starts when the previous one has ended. */
  connect(): Session;
  /** Closes the database and releases the folder. Further calls do nothing. */
  close(): Promise<void>;
}

/**
 * The thread's memory for new JavaScript objects, in MiB. V8's default is 192, and copies of messages would fill all of
 * it. Long-lived data needs little, because the database itself is in WebAssembly memory.
 */
const YOUNG = 12;

/** To open the database costs a second of processor time, so it is not tried again at once, in milliseconds. */
const OPEN_AGAIN = 2000;

/**
 * Begins to open the database in `folder`, and creates it if it does not exist. Returns before the database is open.
 * Sessions wait until the database is open, and fail if it cannot be opened. If the database ends by itself, for example
 * because its disk is full, a later session opens it again. Throws `database_in_use`.
 */
export async function openEmbedded(folder: string): Promise<EmbeddedDatabase> {
  const path = resolve(folder);
  await mkdir(dirname(path), { recursive: true });
  await mkdir(path, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(`${path}.lock`);
  let running = run(path, true);
  const close = async () => {
    running.thread.postMessage(null);
    await running.ended;
    await lock.release();
  };
  let closed: Promise<void> | undefined;
  return {
    connect() {
      if (closed === undefined && running.mayBegin()) running = run(path, false);
      return new Session(running.thread, running.ended);
    },
    close() {
      closed ??= close();
      return closed;
    },
  };
}

interface Running {
  thread: Worker;
  /** Resolves with the reason when the thread has ended. */
  ended: Promise<StoreError>;
  /** Whether the thread has ended, and it is time to begin another. */
  mayBegin(): boolean;
}

function run(path: string, isFirst: boolean): Running {
  const begun = performance.now();
  const thread = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: path,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG },
    env: keepingCompiled(),
  });
  let hasEnded = false;
  const ended = whenEnded(thread, path, isFirst).finally(() => {
    hasEnded = true;
  });
  return { thread, ended, mayBegin: () => hasEnded && performance.now() - begun > OPEN_AGAIN };
}

/**
 * The environment that makes a thread use the compile cache of this thread. Threads do not inherit the compile cache.
 */
function keepingCompiled(): Record<string, string> {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

/** Never rejects. Only a database that cannot be opened the first time is called damaged. */
async function whenEnded(thread: Worker, path: string, isFirst: boolean): Promise<StoreError> {
  let cause: unknown;
  let isOpen = false;
  thread.once('message', () => {
    isOpen = true;
  });
  thread.once('error', (error) => {
    cause = error;
  });
  await new Promise((resolve) => thread.once('exit', resolve));
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  if (isOpen || cause === undefined) {
    const message = `The embedded database has stopped${why}`;
    return new StoreError('database_unavailable', message, { cause });
  }
  const full = await fullness(path);
  if (full !== undefined) {
    const message = `The embedded database in ${path} cannot be opened, because its disk is full`;
    return new StoreError('database_unavailable', message, { cause: full });
  }
  return isFirst
    ? new StoreError('database_damaged', `The embedded database in ${path} is damaged${why}`, {
        cause,
      })
    : new StoreError('database_unavailable', `The embedded database cannot be opened${why}`, {
        cause,
      });
}

/** What PostgreSQL may need to open its database: a new segment of its log. */
const SEGMENT = 16 * 1024 * 1024;
/** PostgreSQL's code for a full disk. */
const DISK_FULL = '53100';

/**
 * Returns an error if there is no space for a segment, and otherwise undefined. PGlite does not say why it cannot open the
 * database. Writes a file, because only this finds quotas too.
 */
async function fullness(path: string): Promise<Error | undefined> {
  const trial = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(trial, Buffer.alloc(SEGMENT, 1));
    return undefined;
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    if (!/^(ENOSPC|EDQUOT|EFBIG)$/.test(code)) return undefined;
    return Object.assign(new Error(message, { cause }), { code: DISK_FULL });
  } finally {
    await rm(trial, { force: true });
  }
}
