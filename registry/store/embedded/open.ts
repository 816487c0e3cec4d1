/** Opens the embedded database: PGlite in a worker thread, which speaks PostgreSQL's protocol like a server. */
import { mkdir } from 'node:fs/promises';
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

/**
 * Begins to open the database in `folder`, and creates it if it does not exist. Returns before the database is open.
 * Sessions wait until the database is open, and fail if it cannot be opened. Throws `database_in_use`.
 */
export async function openEmbedded(folder: string): Promise<EmbeddedDatabase> {
  const path = resolve(folder);
  await mkdir(dirname(path), { recursive: true });
  await mkdir(path, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(`${path}.lock`);
  const thread = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: path,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG },
    env: keepingCompiled(),
  });
  const ended = whenEnded(thread, path);
  const close = async () => {
    thread.postMessage(null);
    await ended;
    await lock.release();
  };
  let closed: Promise<void> | undefined;
  return {
    connect: () => new Session(thread, ended),
    close() {
      closed ??= close();
      return closed;
    },
  };
}

/**
 * The environment that makes a thread use the compile cache of this thread. Threads do not inherit the compile cache.
 */
function keepingCompiled(): Record<string, string> {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

function whenEnded(thread: Worker, path: string): Promise<StoreError> {
  return new Promise((resolve) => {
    let cause: unknown;
    let isOpen = false;
    thread.once('message', () => {
      isOpen = true;
    });
    thread.once('error', (error) => {
      cause = error;
    });
    thread.once('exit', () => {
      const why = cause instanceof Error ? `: ${cause.message}` : '';
      resolve(
        isOpen || cause === undefined
          ? new StoreError('database_unavailable', `The embedded database has stopped${why}`, {
              cause,
            })
          : new StoreError(
              'database_damaged',
              `The embedded database in ${path} is damaged${why}`,
              {
                cause,
              },
            ),
      );
    });
  });
}
