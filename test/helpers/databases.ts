/** Runs a test on every database. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openStore, type Store, type StoreOptions } from '../../registry/store/open.ts';
import { copyKept } from './embedded-folders.ts';
import { once } from './once.ts';
import {
  MIGRATED,
  makeMigratedDatabase,
  SHARED_SERVER,
  startPostgres,
  urlOn,
} from './postgres-server.ts';

export interface TestDatabase {
  kind: 'PGlite' | 'PostgreSQL';
  /** The options with which `openStore` opens this database again. */
  options: StoreOptions;
  /** Every SQL statement since the test started or since the list was last emptied, without values. */
  statements: string[];
}

/**
 * Runs `body` as a subtest on PGlite and on PostgreSQL, each time with a new database. The database is migrated, or
 * empty if `migrated` is false. Closes the store and deletes the database afterwards.
 */
export async function onEachDatabase(
  t: Test,
  name: string,
  body: (t: Test, store: Store, database: TestDatabase) => Promise<void>,
  { migrated = true } = {},
): Promise<void> {
  for (const kind of ['PGlite', 'PostgreSQL'] as const) {
    await t.test(`${name} (${kind})`, async (t) => {
      const options: StoreOptions = await (kind === 'PGlite' ? freshFolder : freshDatabase)(
        migrated,
      );
      const statements: string[] = [];
      const store = await openStore({ ...options, debug: (sql) => statements.push(sql) });
      t.teardown(async () => {
        await store.close();
        if (options.folder) await rm(options.folder, { recursive: true, force: true });
      });
      await body(t, store, { kind, options, statements });
    });
  }
}

/** Creates a PGlite folder with a migrated or an empty database. */
export async function freshFolder(migrated = true): Promise<{ folder: string }> {
  const folder = join(await root(), `pglite-${++count}`);
  await copyKept(folder, migrated);
  return { folder };
}

/** Creates a database on the PostgreSQL server of the tests, and drops it when the test process ends. */
export async function freshDatabase(migrated = true): Promise<{ databaseUrl: string }> {
  const { url, administer } = await server();
  const name = `test_${process.pid}_${++count}`;
  const template = migrated ? await migratedDatabase() : 'template1';
  await administer(`create database ${name} template ${template}`);
  t.teardown(() => administer(`drop database ${name} with (force)`));
  return { databaseUrl: url(name) };
}

// tap's default of 30 seconds is too short when a busy machine must create the databases first.
t.setTimeout(240_000);

let count = 0;

/** The folder is deleted when the test process ends. */
const root = once(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'registry-databases-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
});

const migratedDatabase = once(async () => {
  if (!process.env[SHARED_SERVER]) await makeMigratedDatabase(await server());
  return MIGRATED;
});

const server = once(async () => {
  const shared = process.env[SHARED_SERVER];
  const started = shared ? null : await startPostgres();
  const url = started?.url ?? urlOn(Number(shared));
  const store = await openStore({ databaseUrl: url('postgres') });
  t.teardown(async () => {
    await store.close();
    await started?.close();
  });
  return { url, administer: async (sql: string) => void (await store.em().execute(sql)) };
});
