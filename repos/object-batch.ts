/** Collects new objects in memory and makes them durable together. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { deflate, deflateSync } from 'node:zlib';
import type { StoredObject } from './cat-file.ts';
import { sync, writeSynced } from './durable.ts';
import { asFenced } from './lock.ts';
import { keepSmall } from './loose-objects.ts';
import { intoFolder, makeFolder, syncFolder } from './object-folders.ts';
import type { ObjectCaches } from './object-store.ts';
import type { ObjectType } from './object-text.ts';
import type { Oid, Repository } from './types.ts';

const compressLarge = promisify(deflate);

/** The largest object that takes less time to deflate than to wake a thread. Bytes. */
const SMALL = 16 * 1024;

/** Writes loose objects (gitrepository-layout(5)). An fsync is the slowest step, so all objects are synced at once. */
export class ObjectBatch {
  readonly #objects: string;
  readonly #workshop: string;
  readonly #pending = new Map<Oid, Buffer>();
  /** The same objects with their contents alone, for whoever reads them before they are written. */
  readonly contents = new Map<Oid, StoredObject>();

  constructor({ path, workshop }: Pick<Repository, 'path' | 'workshop'>) {
    this.#objects = join(path, 'objects');
    this.#workshop = workshop;
  }

  add(type: ObjectType, content: Uint8Array): Oid {
    const bytes = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
    const oid = createHash('sha1').update(bytes).digest('hex');
    this.#pending.set(oid, bytes);
    this.contents.set(oid, { type, bytes: content });
    return oid;
  }

  /** Writes and syncs the files, then each folder once. Durable on return. Caches small objects, which are read soon. */
  async write({ objects }: Pick<ObjectCaches, 'objects'>): Promise<void> {
    const pending = [...this.#pending];
    const folders = new Set(pending.map(([oid]) => join(this.#objects, oid.slice(0, 2))));
    await Promise.all([...folders].filter((path) => !existsSync(path)).map(makeFolder));
    await Promise.all(pending.map(([oid, bytes]) => this.#writeOne(oid, bytes)));
    // Syncs `objects` even if no folder was created here: another writer may just have created it and not synced yet.
    await Promise.all([sync(this.#objects), ...[...folders].map(syncFolder)]);
    this.#pending.clear();
    // Copied, because zlib gives a small object a buffer of 16 KiB.
    for (const [oid, { type, bytes }] of this.contents)
      keepSmall(objects, this.#objects, oid, { type, bytes: Uint8Array.from(bytes) });
  }

  async #writeOne(oid: Oid, bytes: Buffer): Promise<void> {
    const path = join(this.#objects, oid.slice(0, 2), oid.slice(2));
    if (existsSync(path) && (await freshen(path))) return;
    const temporary = join(this.#workshop, `object-${randomUUID()}`);
    const compressed = bytes.length > SMALL ? await compressLarge(bytes) : deflateSync(bytes);
    try {
      await writeSynced(temporary, compressed, { mode: 0o444 });
      await intoFolder(dirname(path), async () => renameSync(temporary, path));
    } catch (error) {
      const isLost = !existsSync(this.#workshop);
      // On a full disk, a part of the file may be there.
      await rm(temporary, { force: true });
      throw isLost ? asFenced(error, temporary) : error;
    }
  }
}

/**
 * Returns whether the object exists. Updates the time of an existing object, because a running prune deletes old
 * unreachable objects (git does the same: "freshen" in object-file.c).
 */
async function freshen(path: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(path, now, now);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
