/** Collects new objects in memory and makes them durable together. */
import { createHash, randomUUID } from 'node:crypto';
import { rename, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { sync, writeSynced } from './durable.ts';
import { intoFolder, makeFolder, syncFolder } from './object-folders.ts';
import type { Oid } from './types.ts';

const compress = promisify(deflate);

/** Writes loose objects (gitrepository-layout(5)). An fsync is the slowest step, so all objects are synced at once. */
export class ObjectBatch {
  readonly #objects: string;
  readonly #pending = new Map<Oid, Buffer>();

  constructor(gitdir: string) {
    this.#objects = join(gitdir, 'objects');
  }

  add(type: 'blob' | 'tree' | 'commit' | 'tag', content: Uint8Array): Oid {
    const bytes = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
    const oid = createHash('sha1').update(bytes).digest('hex');
    this.#pending.set(oid, bytes);
    return oid;
  }

  /** Writes and syncs the files, then each folder once. Durable on return. */
  async write(): Promise<void> {
    const pending = [...this.#pending];
    const folders = new Set(pending.map(([oid]) => join(this.#objects, oid.slice(0, 2))));
    await Promise.all([...folders].map(makeFolder));
    await Promise.all(pending.map(([oid, bytes]) => this.#writeOne(oid, bytes)));
    // Syncs `objects` even if no folder was created here: another writer may just have created it and not synced yet.
    await Promise.all([sync(this.#objects), ...[...folders].map(syncFolder)]);
    this.#pending.clear();
  }

  async #writeOne(oid: Oid, bytes: Buffer): Promise<void> {
    const path = join(this.#objects, oid.slice(0, 2), oid.slice(2));
    if (await freshen(path)) return;
    // If a crash leaves this file behind, `git prune` deletes it because of its name.
    const temporary = join(dirname(path), `tmp_obj_${randomUUID()}`);
    const compressed = await compress(bytes);
    await intoFolder(dirname(path), () => writeSynced(temporary, compressed, 0o444));
    await rename(temporary, path);
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
