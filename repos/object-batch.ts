/** New objects of one call, collected in memory and made durable together. */
import { createHash, randomUUID } from 'node:crypto';
import { rename, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { sync, writeSynced } from './durable.ts';
import { intoFolder, makeFolder, syncFolder } from './object-folders.ts';
import type { Oid } from './types.ts';

const compress = promisify(deflate);

/** Loose objects (gitrepository-layout(5)). An fsync costs more than the rest, so all run at once. */
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
    // Syncs `objects` as well, because another writer may have just created the folder that this one found.
    await Promise.all([sync(this.#objects), ...[...folders].map(syncFolder)]);
    this.#pending.clear();
  }

  async #writeOne(oid: Oid, bytes: Buffer): Promise<void> {
    const path = join(this.#objects, oid.slice(0, 2), oid.slice(2));
    if (await freshen(path)) return;
    // After a crash, `git prune` removes files of this name.
    const temporary = join(dirname(path), `tmp_obj_${randomUUID()}`);
    const compressed = await compress(bytes);
    await intoFolder(dirname(path), () => writeSynced(temporary, compressed, 0o444));
    await rename(temporary, path);
  }
}

/**
 * Returns whether the object exists. If so, updates its time, so that a running prune that found it unreachable and old
 * keeps it (git does the same: "freshen" in object-file.c).
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
