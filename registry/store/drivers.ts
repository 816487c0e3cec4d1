import type { MikroORM as CoreORM, Options } from '@mikro-orm/core';
import { MikroORM } from '@mikro-orm/postgresql';
import {
  endDeadConnections,
  releaseLostTransactions,
  type WatchedPool,
} from './dead-connections.ts';
import type { EmbeddedDatabase } from './embedded/open.ts';
import { type Listen, PassingNotices, ServerNotices } from './notices.ts';

/** Options of the connections to both databases. */
export type SharedOptions = Partial<
  Pick<Options, 'entities' | 'migrations' | 'extensions' | 'onQuery' | 'schemaGenerator'>
>;

export interface Connected {
  orm: CoreORM;
  listen: Listen;
  close(): Promise<void>;
}

/**
 * Limits in milliseconds that the server enforces, so that a process that stops while it holds locks delays the others
 * only for a while. A transaction that does nothing for longer than a lease (repos/leases.ts) belongs to a process that
 * the others have already fenced off.
 */
const LIMITS = {
  lock_timeout: 20_000,
  statement_timeout: 60_000,
  idle_in_transaction_session_timeout: 15_000,
};

/** The name of the connections of a process, by which other processes end them. */
export const sessionName = (process: string): string => `registry ${process}`;

/** Parameters of the address have precedence over options, but the name must be the one that other processes know. */
function named(url: string, name: string): string {
  const address = new URL(url);
  address.searchParams.set('application_name', name);
  return address.href;
}

/** Connects to a PostgreSQL server through a pool of connections. `process` identifies this process of the registry. */
export async function connectServer(
  url: string,
  shared: SharedOptions,
  process: string,
): Promise<Connected> {
  let stopWatching = () => {};
  const orm = await MikroORM.init({
    ...shared,
    clientUrl: url,
    driverOptions: {
      onPoolCreated(pool: WatchedPool) {
        releaseLostTransactions(pool);
        stopWatching = endDeadConnections(pool);
      },
      connectionTimeoutMillis: 10_000,
      // Notices that dead connections are lost even if they only listen.
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      ...LIMITS,
      // MikroORM itself takes no parameter from the address, such as `sslmode`.
      connectionString: named(url, sessionName(process)),
    },
  });
  let notices: ServerNotices | undefined;
  return {
    orm: orm,
    async listen(channel, wake) {
      notices ??= new ServerNotices(await orm.em.getConnection().getNativeClient());
      return await notices.listen(channel, wake);
    },
    async close() {
      // Stop listening first: closing the pool waits for every connection in use.
      notices?.close();
      await orm.close();
      stopWatching();
    },
  };
}

/**
 * Connects to the embedded database through one permanent connection. By default, `pg` would close an idle connection. The
 * next connection follows only if the database had to be opened again.
 */
export async function connectEmbedded(
  database: EmbeddedDatabase,
  shared: SharedOptions,
): Promise<Connected> {
  const notices = new PassingNotices();
  const orm = await MikroORM.init({
    ...shared,
    dbName: 'postgres',
    user: 'postgres',
    pool: { max: 1, idleTimeoutMillis: 0 },
    driverOptions: {
      stream: () => database.connect(),
      onPoolCreated: releaseLostTransactions,
      onConnect: (client: Parameters<typeof notices.use>[0]) => notices.use(client),
    },
  });
  return {
    orm: orm,
    async listen(channel, wake) {
      return await notices.listen(await orm.em.getConnection().getNativeClient(), channel, wake);
    },
    async close() {
      await orm.close();
      await database.close();
    },
  };
}
