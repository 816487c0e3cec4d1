/** One test body, every database. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openStore, type Store, type StoreOptions } from '../../registry/store/open.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

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

/** A folder for PGlite, holding a migrated database unless told otherwise. */
export async function freshFolder(migrated = true): Promise<{ folder: string }> {
  const folder = join(await root(), `pglite-${++count}`);
  if (migrated) await cp(await migratedFolder(), folder, { recursive: true });
  return { folder };
}

async function freshDatabase(migrated: boolean): Promise<{ databaseUrl: string }> {
  const { url } = await server();
  const name = `test_${++count}`;
  const template = migrated ? await migratedDatabase() : 'template1';
  await administer(url('postgres'), `create database ${name} template ${template}`);
  return { databaseUrl: url(name) };
}

let count = 0;

/** Deleted at the end of the test process. */
const root = once(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'registry-databases-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
});

const migratedFolder = once(async () => {
  const folder = join(await root(), 'template');
  await migrate({ folder });
  return folder;
});

const migratedDatabase = once(async () => {
  const { url } = await server();
  await administer(url('postgres'), 'create database migrated');
  await migrate({ databaseUrl: url('migrated') });
  return 'migrated';
});

const server = once(async (): Promise<PostgresServer> => {
  const started = await startPostgres();
  t.teardown(() => started.close());
  return started;
});

async function migrate(options: StoreOptions): Promise<void> {
  const store = await openStore(options);
  await store.migrate();
  await store.close();
}

async function administer(databaseUrl: string, sql: string): Promise<void> {
  const store = await openStore({ databaseUrl });
  await store.em().execute(sql);
  await store.close();
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
