/** One test body, every database. */
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
  /** What `openStore` takes to open it once more. */
  options: StoreOptions;
  /** Every statement since the test began or since this was emptied, values left out. */
  statements: string[];
}

/**
 * Runs `body` as a subtest on PGlite and on PostgreSQL, each time with a fresh database: migrated, or
 * empty where `migrated` is false. The store is closed and the database deleted afterwards.
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

/** A folder of PGlite's with a migrated database in it, or with an empty one. */
export async function freshFolder(migrated = true): Promise<{ folder: string }> {
  const folder = join(await root(), `pglite-${++count}`);
  await copyKept(folder, migrated);
  return { folder };
}

/** A database of its own on the real PostgreSQL that the tests start; dropped when the test process ends. */
export async function freshDatabase(migrated = true): Promise<{ databaseUrl: string }> {
  const { url, administer } = await server();
  const name = `test_${process.pid}_${++count}`;
  const template = migrated ? await migratedDatabase() : 'template1';
  await administer(`create database ${name} template ${template}`);
  t.teardown(() => administer(`drop database ${name} with (force)`));
  return { databaseUrl: url(name) };
}

// tap's own 30 seconds are short for a file whose databases a busy machine has to make first.
t.setTimeout(240_000);

let count = 0;

/** Deleted at the end of the test process. */
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
