import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { MikroORM, Options } from '@mikro-orm/core';
import { lockFolder } from './folder-lock.ts';
import { type Listen, listenOnServer, type StopListening } from './notices.ts';

/** What both drivers are given. */
export type SharedOptions = Partial<
  Pick<Options, 'entities' | 'migrations' | 'extensions' | 'onQuery' | 'schemaGenerator'>
>;

export interface Connected {
  orm: MikroORM;
  listen: Listen;
  close(): Promise<void>;
}

/** A PostgreSQL server, over a pool of connections. */
export async function connectServer(url: string, shared: SharedOptions): Promise<Connected> {
  const { MikroORM } = await import('@mikro-orm/postgresql');
  const orm = await MikroORM.init({
    ...shared,
    clientUrl: url,
    driverOptions: { connectionTimeoutMillis: 10_000, keepAlive: true },
  });
  const listening = new Set<StopListening>();
  return {
    orm: orm as never,
    async listen(channel, wake) {
      const pool = await orm.em.getConnection().getNativeClient();
      const end = await listenOnServer(pool, channel, wake);
      const stop = async () => {
        listening.delete(stop);
        await end();
      };
      listening.add(stop);
      return stop;
    },
    async close() {
      // The pool waits for every connection that somebody has.
      await Promise.all([...listening].map((stop) => stop()));
      await orm.close();
    },
  };
}

/** PGlite in a folder that is locked for this process, or in memory. Throws `database_in_use`. */
export async function openEmbedded(
  folder: string | undefined,
  shared: SharedOptions,
): Promise<Connected> {
  const lock = folder && (await prepare(resolve(folder)));
  try {
    const [{ MikroORM }, { PGlite }, { pg_trgm }] = await Promise.all([
      import('@mikro-orm/pglite'),
      import('@electric-sql/pglite'),
      import('@electric-sql/pglite/contrib/pg_trgm'),
    ]);
    const orm = await MikroORM.init({
      ...shared,
      dbName: folder ? resolve(folder) : 'memory://',
      driverOptions: {
        extensions: { pg_trgm },
        startParams: [...PGlite.defaultStartParams, '-c', `shared_buffers=${sharedBuffers}`],
      },
    });
    const close = async () => {
      await orm.close();
      if (lock) await lock.release();
    };
    const listen: Listen = async (channel, wake) => {
      const stop = await (await orm.em.getConnection().getNativeClient()).listen(channel, wake);
      return async () => await stop();
    };
    return { orm: orm as never, listen, close };
  } catch (error) {
    if (lock) await lock.release();
    throw error;
  }
}

/**
 * Cleared at every start, which takes its time with PostgreSQL's 128 MB. What does not fit is read again from
 * the operating system's cache.
 */
const sharedBuffers = '16MB';

async function prepare(folder: string) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return lockFolder(`${folder}.lock`);
}
