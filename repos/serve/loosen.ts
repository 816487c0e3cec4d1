/**
 * Turns a small pack in quarantine into loose objects. Git's receive-pack does the same with packs of fewer than a
 * hundred objects.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import type { ObjectStore } from '../object-store.ts';
import type { Oid } from '../types.ts';
import { idsIn, indexesIn } from './pack-ids.ts';
import type { Quarantine } from './quarantine.ts';

const compress = promisify(deflate);

/**
 * Replaces the packs of the quarantine by loose objects. Syncs nothing, because the objects are synced when they move into
 * the repository.
 * @param objects reads the quarantine
 */
export async function loosen(quarantine: Quarantine, objects: ObjectStore): Promise<void> {
  const { path } = quarantine;
  const folder = join(path, 'pack');
  const packed = await readdir(folder);
  const ids: Oid[] = [];
  for (const index of await indexesIn(quarantine)) ids.push(...idsIn(await readFile(index)));
  await Promise.all(ids.map((oid) => writeLoose(path, oid, objects)));
  objects.forgetPacks();
  await Promise.all(packed.map((file) => rm(join(folder, file), { force: true })));
}

async function writeLoose(path: string, oid: Oid, objects: ObjectStore): Promise<void> {
  const { type, bytes } = await objects.read(oid);
  const file = join(path, oid.slice(0, 2), oid.slice(2));
  await mkdir(dirname(file), { recursive: true });
  const header = Buffer.from(`${type} ${bytes.length}\0`);
  await writeFile(file, await compress(Buffer.concat([header, bytes])), { mode: 0o444 });
}
