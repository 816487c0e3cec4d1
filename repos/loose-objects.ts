/** Reads loose objects (objects in files of their own). Most requested objects are recent and not packed yet. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, inflate, inflateSync } from 'node:zlib';
import type { Cache } from './caches.ts';
import type { StoredObject } from './cat-file.ts';
import type { ObjectType } from './object-text.ts';
import type { Oid } from './types.ts';

const inflateLarge = promisify(inflate);

/** Bytes of the largest object that is cached. Reading a larger object again takes less time than using the object. */
const SMALL_OBJECT = 64 * 1024;

/** The objects folder of a repository. */
export const objectsFolder = (gitdir: string): string => join(gitdir, 'objects');

/** The key of an object in the cache of objects. */
export const objectKey = (folder: string, oid: Oid): string => `${folder}\n${oid}`;

/** Caches an object that was read from this objects folder, if it is small. */
export function keepSmall(
  objects: Cache<StoredObject>,
  folder: string,
  oid: Oid,
  found: StoredObject,
): void {
  if (found.bytes.length <= SMALL_OBJECT) objects.set(objectKey(folder, oid), found);
}

/** Bytes, deflated. Smaller objects are inflated in this thread, because waking another thread takes longer. */
const SMALL = 32 * 1024;

/**
 * Reads an object from the first of these objects folders that has it. Looks in the cache `objects` first, and caches
 * small objects there. Returns undefined if no folder has the object. Throws if the object is damaged.
 */
export async function readLoose(
  folders: readonly string[],
  oid: Oid,
  objects: Cache<StoredObject>,
): Promise<StoredObject | undefined> {
  for (const folder of folders) {
    const known = objects.get(objectKey(folder, oid));
    if (known !== undefined) return known;
  }
  for (const folder of folders) {
    const path = join(folder, oid.slice(0, 2), oid.slice(2));
    // Throwing an error for a missing file would cost more than this check.
    if (!existsSync(path)) continue;
    const found = await inflated(await readFile(path), oid);
    keepSmall(objects, folder, oid, found);
    return found;
  }
  return undefined;
}

/** Reads type and size of an object that is not yet trusted, without inflating a large one completely. */
export async function readLooseHeader(
  folder: string,
  oid: Oid,
  objects: Cache<StoredObject>,
): Promise<{ type: ObjectType; size: number }> {
  const deflated = await readFile(join(folder, oid.slice(0, 2), oid.slice(2)));
  const start = inflateSync(deflated.subarray(0, BEGINNING), {
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  const header = headerOf(start);
  if (header === undefined) throw new Error(`the loose object ${oid} has no header`);
  if (header.size <= SMALL_OBJECT) keepSmall(objects, folder, oid, await inflated(deflated, oid));
  return header;
}

/** Enough deflated bytes to inflate the header: the code tables before it take less than 600 (RFC 1951, 3.2.7). */
const BEGINNING = 1024;

async function inflated(deflated: Buffer, oid: Oid): Promise<StoredObject> {
  const whole = deflated.length < SMALL ? inflateSync(deflated) : await inflateLarge(deflated);
  const header = headerOf(whole);
  const sound =
    whole.length === Number(header?.end) + Number(header?.size) &&
    createHash('sha1').update(whole).digest('hex') === oid;
  if (!header || !sound) throw new Error(`the loose object ${oid} is damaged`);
  // Copies the bytes: zlib allocates 16 KiB for an object of 200 bytes, which the cache would keep while counting 200.
  return { type: header.type, bytes: Uint8Array.from(whole.subarray(header.end)) };
}

/** Parses the beginning of an inflated object: type, size, NUL, then the content (gitformat-loose(5)). */
function headerOf(bytes: Buffer): { type: ObjectType; size: number; end: number } | undefined {
  const nul = bytes.indexOf(0);
  const text = bytes.toString('latin1', 0, Math.max(nul, 0));
  const [, type, size] = /^(blob|tree|commit|tag) (\d+)$/.exec(text) ?? [];
  return type === undefined
    ? undefined
    : { type: type as ObjectType, size: Number(size), end: nul + 1 };
}
