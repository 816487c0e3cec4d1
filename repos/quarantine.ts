/** The quarantine: a folder for the objects of a push until the push is accepted (git-receive-pack(1), "Quarantine"). */
import { readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sync } from './durable.ts';
import { objectKey } from './loose-objects.ts';
import { intoFolder, makeFolder, syncFolder } from './object-folders.ts';
import { type ObjectCaches, ObjectStore } from './object-store.ts';
import type { GitProgram, Repository } from './types.ts';

/** Reads the repository as if it contained the quarantined objects. Call `forgetPacks` at the end to free memory. */
export function quarantineReader(
  git: GitProgram,
  repository: Repository,
  quarantine: string,
  caches: ObjectCaches,
): ObjectStore {
  return new ObjectStore(git, repository.path, caches, { quarantine });
}

/**
 * Moves quarantined objects into the repository, durable on return. The index of a pack is moved last, because git uses
 * a pack as soon as its index exists.
 */
export async function adoptQuarantine(
  repository: Repository,
  quarantine: string,
  { objects: kept }: Pick<ObjectCaches, 'objects'>,
): Promise<void> {
  const objects = join(repository.path, 'objects');
  const files = (await filesBelow(quarantine)).sort((a, b) => rank(a) - rank(b));
  await Promise.all(files.map((file) => sync(join(quarantine, file))));
  const folders = [...new Set(files.map((file) => join(objects, dirname(file))))];
  await Promise.all(folders.map(makeFolder));
  for (const file of files) {
    const to = join(objects, file);
    await intoFolder(dirname(to), () => rename(join(quarantine, file), to));
  }
  await Promise.all([sync(objects), ...folders.map(syncFolder)]);
  for (const file of files) {
    const oid = file.replace('/', '');
    const found = kept.peek(objectKey(quarantine, oid));
    kept.delete(objectKey(quarantine, oid));
    if (found) kept.set(objectKey(objects, oid), found);
  }
}

/** The files to move: loose objects and packs. A `.keep` file stays, because it only protects a pack during the push. */
const OBJECT =
  /^([0-9a-f]{2}\/[0-9a-f]{38}|pack\/pack-[0-9a-f]{40}\.(pack|rev|idx|bitmap|mtimes))$/;

async function filesBelow(quarantine: string): Promise<string[]> {
  const entries = await readdir(quarantine, { recursive: true });
  return entries.filter((entry) => OBJECT.test(entry));
}

const rank = (file: string) => (file.endsWith('.idx') ? 1 : 0);
