import { type ExceptionConverter, IsolationLevel, type MikroORM } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { migrations } from '../../migrations/index.ts';
import { type AuditNews, auditChannel, entriesAppendedIn, UNAUDITED } from './audit.ts';
import { connectEmbedded, connectServer, type SharedOptions, sessionName } from './drivers.ts';
import { type EmbeddedDatabase, openEmbedded } from './embedded/open.ts';
import { entities } from './entities/index.ts';
import { StoreError, translate } from './errors.ts';
import {
  type Apply,
  Follower,
  type Following,
  followersReach,
  type LocalFollower,
} from './follow.ts';
import type { Listen } from './notices.ts';
import { numberStamps, numbersStamps, type StampName } from './stamp-changes.ts';
import type { EntityManager } from './types.ts';

export interface StoreOptions {
  /** The address of a PostgreSQL server, `postgresql://…`. */
  databaseUrl?: string | undefined;
  /** The folder of the embedded database. */
  folder?: string | undefined;
  /** Identifies this process among those of the registry. */
  process?: string | undefined;
  /** An embedded database that is already opening, instead of `folder`. The store closes it. */
  embedded?: EmbeddedDatabase | undefined;
  /** Called with every SQL statement, without its values. */
  debug?: ((sql: string) => void) | undefined;
}

export interface Store {
  readonly orm: MikroORM;
  /** Whether the database is the embedded one, which has one process and one connection. */
  readonly embedded: boolean;
  /** How many transactions of this process have added to the audit trail. */
  readonly changes: number;
  /** Runs the pending migrations, up to `last` if given, and returns their names. */
  migrate(last?: string): Promise<string[]>;
  /** Names of the migrations that this database has. */
  applied(): Promise<string[]>;
  /** Names of the migrations that this database lacks. */
  pending(): Promise<string[]>;
  /**
   * Runs `work` in one READ COMMITTED transaction, which commits when `work` returns and rolls back when it throws. In
   * `work`, use only the given `em`: the transaction occupies the only connection of the embedded database.
   *
   * Returns when all processes that cache data have applied the changes of the transaction (follow.ts).
   */
  transaction<T>(work: (em: EntityManager) => Promise<T>): Promise<T>;
  /**
   * Like `transaction`, for work that only reads and locks. Nothing changes, so no other process must apply a change.
   */
  hold<T>(work: (em: EntityManager) => Promise<T>): Promise<T>;
  /** Runs `work` in a read-only transaction, which sees only changes that were committed before its first statement. */
  snapshot<T>(work: (em: EntityManager) => Promise<T>): Promise<T>;
  /** A new unit of work outside any transaction. */
  em(): EntityManager;
  /** Listens for notices that commits of any process send (`pg_notify`). Throws `database_unavailable`. */
  listen: Listen;
  /**
   * Calls `apply` with each new audit entry and each change of a list's stamp, so that the caller can cache data of the
   * database (follow.ts). Throws `database_unavailable`.
   */
  follow(apply: Apply, onError: (error: unknown) => void): Promise<Following>;
  /** Throws `database_unavailable`, also if the database does not answer for 3 seconds. */
  ping(): Promise<void>;
  /** Ends the sessions of processes that have stopped, and so their transactions and locks. */
  endSessions(processes: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the database without changing it. Throws `database_in_use` if another process uses the folder. If the database
 * cannot be reached or opened, only the first statement fails; `ping` finds out.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, folder, embedded, process = '', debug } = options;
  const shared: SharedOptions = {
    entities,
    extensions: [Migrator],
    migrations: {
      migrationsList: migrations,
      tableName: 'migrations',
      snapshot: false,
      silent: true,
    },
    // Triggers and functions are written by hand. Only a test that compares schemas uses the schema generator.
    schemaGenerator: { ignoreTriggers: true, ignoreRoutines: true },
    ...(debug && {
      onQuery(sql: string) {
        debug(sql);
        return sql;
      },
    }),
  };
  const { orm, listen, close } = databaseUrl
    ? await connectServer(databaseUrl, shared, process)
    : await connectEmbedded(embedded ?? (await openEmbedded(folder as string)), shared);
  translateErrorsOf(orm);

  const fork = () => orm.em.fork() as EntityManager;
  const followers = new Set<LocalFollower>();

  let isNumbering = false;
  async function changesOf(em: EntityManager, entries: readonly AuditNews[]): Promise<Committed> {
    const last = entries.at(-1)?.id;
    isNumbering ||= await numbersStamps(em);
    if (!isNumbering) return { entries, last, stamps: [] };
    return { entries, ...(await numberStamps(em, last)) };
  }

  let changes = 0;
  async function committed({ entries, stamps, last }: Committed): Promise<void> {
    if (last === undefined) return;
    changes += 1;
    for (const follower of followers) follower.committed(entries, stamps);
    if (store.embedded) return;
    await followersReach(
      fork(),
      last,
      Array.from(followers, ({ id }) => id),
    );
  }

  // A server that hangs gets only one query, however often somebody asks.
  let pinging: Promise<unknown> | undefined;
  const askServer = () => {
    pinging ??= fork()
      .execute('select 1')
      .finally(() => {
        pinging = undefined;
      });
    return pinging;
  };

  const store: Store = {
    orm,
    embedded: !databaseUrl,
    get changes() {
      return changes;
    },
    em: fork,
    async close() {
      await Promise.all(Array.from(followers, (follower) => follower.close()));
      await close();
    },
    listen: (channel, wake) => withTranslatedErrors(() => listen(channel, wake)),

    async follow(apply, onError) {
      const follower: LocalFollower = store.embedded
        ? await onlyProcess(apply, store.listen)
        : await withTranslatedErrors(() =>
            Follower.start({ em: fork, listen: store.listen, onError }, apply),
          );
      followers.add(follower);
      return {
        get isCurrent() {
          return followers.has(follower) && follower.isCurrent;
        },
        async close() {
          if (followers.delete(follower)) await follower.close();
        },
      };
    },

    transaction: (work) =>
      withTranslatedErrors(async () => {
        const { result, ...changes } = await fork().transactional(async (forked) => {
          const em = forked as EntityManager;
          const entries = entriesAppendedIn(em);
          const result = await work(em);
          await em.flush();
          return { result, ...(await changesOf(em, entries)) };
        });
        await committed(changes);
        return result;
      }),
    hold: (work) =>
      withTranslatedErrors(() =>
        fork().transactional(async (forked) => {
          const em = forked as EntityManager;
          // A server would write row locks to its log, and wait for the disk before it releases them.
          if (!store.embedded) await em.execute('set local synchronous_commit = off');
          return await work(em);
        }),
      ),
    snapshot: (work) =>
      withTranslatedErrors(() =>
        fork().transactional(
          async (em) => {
            // A backup reads repositories between its statements. It locks nothing that others wait for.
            if (!store.embedded) await (em as EntityManager).execute(NO_LIMITS);
            return await work(em as EntityManager);
          },
          { isolationLevel: IsolationLevel.REPEATABLE_READ, readOnly: true },
        ),
      ),
    ping: () => withTranslatedErrors(() => inTime(askServer())),

    endSessions: (processes) =>
      withTranslatedErrors(async () => {
        if (store.embedded || processes.length === 0) return;
        await fork().execute(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()
              and application_name = any(string_to_array(?, ','))`,
          [processes.map(sessionName).join(',')],
        );
      }),

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
      // Several processes may start at once. The first process migrates while the others wait, and they then have
      // nothing to do.
      return withTranslatedErrors(() =>
        fork().transactional(async (em) => {
          await (em as EntityManager).execute(NO_LIMITS);
          await (em as EntityManager).execute('select pg_advisory_xact_lock(?)', [migrationLock]);
          return await up();
        }),
      );
    },
  };
  return store;
}

/** The changes of a committed transaction. */
interface Committed {
  entries: readonly AuditNews[];
  stamps: readonly StampName[];
  /** The number of the transaction's newest change (stamp-changes.ts). */
  last: number | undefined;
}

/** Reads the migrator's table directly, because the migrator itself would first scan PostgreSQL's whole catalogue. */
async function appliedIn(em: EntityManager): Promise<string[]> {
  const table = await em.execute(`select 1 where to_regclass('migrations') is not null`);
  if (table.length === 0) return [];
  const done = await em.execute<{ name: string }[]>('select name from migrations order by id');
  return done.map(({ name }) => name);
}

/** Follows the embedded database without a lease, because only this process changes the database. */
async function onlyProcess(apply: Apply, listen: Listen): Promise<LocalFollower> {
  const close = await listen(auditChannel, (text) => {
    // An empty text means that the database was opened again, perhaps without the answer to a change.
    if (text === UNAUDITED || text === '') apply('everything', []);
  });
  return { id: 0, isCurrent: true, committed: apply, close };
}

/** Lifts the limits of drivers.ts for one transaction. */
const NO_LIMITS =
  'set local lock_timeout = 0; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0';

/** How long the database may take for `select 1`, in milliseconds. */
const LONGEST_PING = 3000;

/** Throws `database_unavailable` if there is no answer in time. */
async function inTime(answer: Promise<unknown>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = `The database has not answered for ${LONGEST_PING / 1000} seconds.`;
    reject(new StoreError('database_unavailable', message));
  }, LONGEST_PING);
  try {
    await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The number of the advisory lock for migrations. No other lock in the database uses this number. */
const migrationLock = 7_301_001;

async function withTranslatedErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error);
  }
}

/**
 * Makes every statement throw StoreErrors, so that callers never see errors of a driver. All errors pass the converter
 * of the ORM's platform. The ORM's own converter handles errors that `translate` does not convert.
 */
function translateErrorsOf(orm: MikroORM): void {
  const platform = orm.driver.getPlatform();
  const original = platform.getExceptionConverter();
  const convertException = (error: Error) => {
    const ours = translate(error);
    return ours instanceof StoreError ? ours : original.convertException(error);
  };
  // The cast is safe: the type allows only MikroORM's own errors, but the driver throws whatever the converter returns.
  platform.getExceptionConverter = () => ({ convertException }) as unknown as ExceptionConverter;
}
