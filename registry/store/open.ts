import { type ExceptionConverter, IsolationLevel, type MikroORM } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { migrations } from '../../migrations/index.ts';
import { connectEmbedded, connectServer, type SharedOptions } from './drivers.ts';
import { type EmbeddedDatabase, openEmbedded } from './embedded/open.ts';
import { entities } from './entities/index.ts';
import { StoreError, translate } from './errors.ts';
import type { Listen } from './notices.ts';
import type { EntityManager } from './types.ts';

export interface StoreOptions {
  /** `postgresql://…`: a server. */
  databaseUrl?: string | undefined;
  /** Otherwise the embedded database in this folder, or one whose opening has begun: the store closes it. */
  folder?: string | undefined;
  embedded?: EmbeddedDatabase | undefined;
  /** Told every statement, values left out. */
  debug?: ((sql: string) => void) | undefined;
}

export interface Store {
  readonly orm: MikroORM;
  /** Whether this is PGlite: one process, one connection. */
  readonly embedded: boolean;
  /** Runs the migrations that are pending, up to one where its name is given, and returns their names. */
  migrate(last?: string): Promise<string[]>;
  /** Names of the migrations that this database has had. */
  applied(): Promise<string[]>;
  /** Names of the migrations that this database still lacks. */
  pending(): Promise<string[]>;
  /**
   * Runs `work` in one READ COMMITTED transaction: committed when it returns, rolled back when it
   * throws. Inside it nothing but the `em` given may be used: the embedded database has a single
   * connection, which the transaction holds.
   */
  transaction<T>(work: (em: EntityManager) => Promise<T>): Promise<T>;
  /** As `transaction`, but `work` only reads, and sees what was committed before its first statement. */
  snapshot<T>(work: (em: EntityManager) => Promise<T>): Promise<T>;
  /** A fresh unit of work outside of any transaction. */
  em(): EntityManager;
  /** Tells of commits, those of other processes too (`pg_notify`). Throws `database_unavailable`. */
  listen: Listen;
  /** Throws `database_unavailable`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the database without changing it. Throws `database_in_use` where another process has the folder; a
 * database that cannot be reached or opened shows at the first statement (`ping`).
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, folder, embedded, debug } = options;
  const shared: SharedOptions = {
    entities,
    extensions: [Migrator],
    migrations: {
      migrationsList: migrations,
      tableName: 'migrations',
      snapshot: false,
      silent: true,
    },
    // Triggers and functions are written by hand; the schema generator is here to compare, in a test.
    schemaGenerator: { ignoreTriggers: true, ignoreRoutines: true },
    ...(debug && {
      onQuery(sql: string) {
        debug(sql);
        return sql;
      },
    }),
  };
  const { orm, listen, close } = databaseUrl
    ? await connectServer(databaseUrl, shared)
    : await connectEmbedded(embedded ?? (await openEmbedded(folder as string)), shared);
  translateErrorsOf(orm);

  const fork = () => orm.em.fork() as EntityManager;
  const store: Store = {
    orm,
    embedded: !databaseUrl,
    em: fork,
    close,
    listen: (channel, wake) => withTranslatedErrors(() => listen(channel, wake)),

    transaction: (work) =>
      withTranslatedErrors(() => fork().transactional((em) => work(em as EntityManager))),
    snapshot: (work) =>
      withTranslatedErrors(() =>
        fork().transactional((em) => work(em as EntityManager), {
          isolationLevel: IsolationLevel.REPEATABLE_READ,
          readOnly: true,
        }),
      ),
    ping: () => withTranslatedErrors(async () => void (await fork().execute('select 1'))),

    applied: () => withTranslatedErrors(() => appliedIn(fork())),

    async pending() {
      const done = new Set(await store.applied());
      return migrations.map(({ name }) => name).filter((name) => !done.has(name));
    },

    async migrate(last) {
      if ((await store.pending()).length === 0) return [];
      const up = async () =>
        (await orm.migrator.up(last === undefined ? {} : { to: last })).map(({ name }) => name);
      if (store.embedded) return withTranslatedErrors(up);
      // Several processes may start at once: the first migrates, the others then find nothing to do.
      return store.transaction(async (em) => {
        await em.execute('select pg_advisory_xact_lock(?)', [migrationLock]);
        return up();
      });
    },
  };
  return store;
}

/** Asks the migrator's table itself: the migrator would first look over the whole catalogue. */
async function appliedIn(em: EntityManager): Promise<string[]> {
  const table = await em.execute(`select 1 where to_regclass('migrations') is not null`);
  if (table.length === 0) return [];
  const done = await em.execute<{ name: string }[]>('select name from migrations order by id');
  return done.map(({ name }) => name);
}

/** Any number that nothing else in the database locks. */
const migrationLock = 7_301_001;

async function withTranslatedErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error);
  }
}

/**
 * Every statement's error passes the platform's converter, so that a StoreError is what queries throw
 * and no caller meets a driver's error. What `translate` leaves alone gets the ORM's own treatment.
 */
function translateErrorsOf(orm: MikroORM): void {
  const platform = orm.driver.getPlatform();
  const original = platform.getExceptionConverter();
  const convertException = (error: Error) => {
    const ours = translate(error);
    return ours instanceof StoreError ? ours : original.convertException(error);
  };
  platform.getExceptionConverter = () => ({ convertException }) as unknown as ExceptionConverter;
}
