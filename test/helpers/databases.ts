/** One test body, every database. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { openStore, type Store, type StoreOptions } from '../../registry/store/open.ts';
import {
  MIGRATED,
  makeMigratedDatabase,
  migrate,
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

/** A folder for PGlite, holding a migrated database unless told otherwise. */
export async function freshFolder(migrated = true): Promise<{ folder: string }> {
  const folder = join(await root(), `pglite-${++count}`);
  if (migrated) await cp(await migratedFolder(), folder, { recursive: true });
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

/**
 * Kept from run to run, since PGlite takes seconds to make a database: under a name that changes with
 * the migrations, and put there whole by a rename, so that test processes may race for it.
 */
const migratedFolder = once(async () => {
  const kept = join(cache, `pglite-${await digestOf(migrationsFolder)}`);
  if (existsSync(kept)) return kept;
  const made = `${kept}.${process.pid}`;
  await migrate({ folder: made });
  await rename(made, kept).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    await rm(made, { recursive: true });
  });
  return kept;
});

const cache = fileURLToPath(new URL('../../node_modules/.cache/registry-tests/', import.meta.url));
const migrationsFolder = fileURLToPath(new URL('../../migrations/', import.meta.url));

/** Of every file in a folder and of the PGlite that is installed. */
async function digestOf(folder: string): Promise<string> {
  const hash = createHash('sha256').update(
    await readFile(createRequire(import.meta.url).resolve('@electric-sql/pglite')),
  );
  for (const name of (await readdir(folder)).sort()) {
    hash.update(await readFile(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

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

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
