/** The embedded database: PGlite in a thread of its own, spoken to as a PostgreSQL server is. */
import { mkdir } from 'node:fs/promises';
import { getCompileCacheDir } from 'node:module';
import { dirname, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { StoreError } from '../errors.ts';
import { lockFolder } from './folder-lock.ts';
import { Session } from './session.ts';

export interface EmbeddedDatabase {
  /** A session; the next one begins when this one has ended. */
  connect(): Session;
  /** Writes what is in memory and lets go of the folder; once, however often it is called. */
  close(): Promise<void>;
}

/**
 * Begins to open the database in `folder`, making it where there is none, and does not wait: that takes its time,
 * in which other things can be done, and whoever connects waits. What goes wrong in it is told to them. Throws
 * `database_in_use`.
 */
export async function openEmbedded(folder: string): Promise<EmbeddedDatabase> {
  const path = resolve(folder);
  await mkdir(dirname(path), { recursive: true });
  await mkdir(path, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(`${path}.lock`);
  const thread = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: path,
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

/** The environment of a thread that keeps compiled modules where this one does: that is not handed down. */
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
