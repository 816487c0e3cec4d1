/** The embedded database: PGlite in a worker thread, used through PostgreSQL's protocol like a server. */
import { mkdir } from 'node:fs/promises';
import { getCompileCacheDir } from 'node:module';
import { dirname, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { StoreError } from '../errors.ts';
import { lockFolder } from './folder-lock.ts';
import { Session } from './session.ts';

export interface EmbeddedDatabase {
  /** Opens a session. It starts when the previous session has ended. */
  connect(): Session;
  /** Flushes memory to disk and releases the folder. Repeated calls have no further effect. */
  close(): Promise<void>;
}

/** MiB. V8's default is 192, which the copies of messages fill; what lives longer is WebAssembly memory. */
const YOUNG = 12;

/**
 * Starts to open the database in `folder`, creating it if needed, without waiting for it to finish. Sessions
 * wait until it is open and receive its errors. Throws `database_in_use`.
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
  const ended = whenEnded(thread);
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
 * The environment of a thread that uses the same compile cache as this one, because threads do not inherit
 * it.
 */
function keepingCompiled(): Record<string, string> {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

function whenEnded(thread: Worker): Promise<StoreError> {
  return new Promise((resolve) => {
    let cause: unknown;
    thread.once('error', (error) => {
      cause = error;
    });
    thread.once('exit', () => {
      const why = cause instanceof Error ? `: ${cause.message}` : '';
      const message = `The embedded database has ended${why}`;
      resolve(new StoreError('database_unavailable', message, { cause }));
    });
  });
}
