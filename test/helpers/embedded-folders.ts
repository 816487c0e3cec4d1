/** Template PGlite folders. A new database is a copy of a template folder. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataPaths } from '../../registry/data-paths.ts';
import { openStore } from '../../registry/store/open.ts';
import { once } from './once.ts';
import { migrate } from './postgres-server.ts';

const cache = fileURLToPath(new URL('../../node_modules/.cache/registry-tests/', import.meta.url));
const migrationsFolder = fileURLToPath(new URL('../../migrations/', import.meta.url));
const pglite = createRequire(import.meta.url).resolve('@electric-sql/pglite');

/**
 * Creates a template folder, or finds the one of an earlier run, because PGlite takes seconds to create a database. The
 * folder's name depends on its inputs. A rename puts the complete folder in place, so several test processes may create
 * it at once.
 */
async function keptFolder(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const kept = join(cache, name);
  if (existsSync(kept)) return kept;
  const made = `${kept}.${process.pid}`;
  await make(made);
  await rename(made, kept).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    await rm(made, { recursive: true });
  });
  return kept;
}

const emptyFolder = once(async () =>
  keptFolder(`pglite-empty-${await digestOf([pglite])}`, async (folder) => {
    await (await openStore({ folder })).close();
  }),
);

export const migratedFolder = once(async () => {
  const migrations = (await readdir(migrationsFolder)).sort();
  const digest = await digestOf([
    pglite,
    ...migrations.map((name) => join(migrationsFolder, name)),
  ]);
  return await keptFolder(`pglite-${digest}`, async (folder) => {
    await cp(await emptyFolder(), folder, { recursive: true });
    await migrate({ folder });
  });
});

/**
 * Copies a template to the folder where a registry with this `DATA_DIR` keeps its embedded database. The registry would
 * take seconds to create the database itself.
 */
export async function putDatabase(dataDir: string, migrated = true): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  await copyKept(dataPaths(dataDir).database, migrated);
}

/** Copies a migrated or an empty database to a path that does not exist yet. */
export async function copyKept(folder: string, migrated: boolean): Promise<void> {
  await cp(await (migrated ? migratedFolder() : emptyFolder()), folder, { recursive: true });
}

/** A digest of the contents of the files. */
async function digestOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}
