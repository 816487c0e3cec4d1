/** Reads objects from packs of a few megabytes with isomorphic-git, in this process. */
import type { Cache } from './caches.ts';
import type { StoredObject } from './cat-file.ts';
import type { ObjectType } from './object-text.ts';
import { packFiles } from './pack-files.ts';
import type { Oid } from './types.ts';

/** Loads isomorphic-git, half a megabyte of code, only when a packed object is read. */
const isomorphicGit = () => import('isomorphic-git');

/** The data that isomorphic-git keeps about a repository's packs: bytes, parsed indexes and the bases of deltas. */
export interface HeldPacks {
  /** The `cache` parameter of isomorphic-git, which never shrinks, so it can only be dropped as a whole. */
  cache: object;
  bytes: number;
}

export class SmallPacks {
  readonly #gitdir: string;
  readonly #key: string;
  readonly #files: ReturnType<typeof packFiles>;
  readonly #packs: Cache<HeldPacks>;

  /** @param folders the objects folders to read; the first one is the key in the cache `packs` */
  constructor(gitdir: string, folders: readonly [string, ...string[]], packs: Cache<HeldPacks>) {
    this.#gitdir = gitdir;
    this.#key = folders[0];
    this.#packs = packs;
    this.#files = packFiles(gitdir, folders, (bytes) => this.#grow(bytes));
  }

  /** Whether the last read ignored a pack because it is too large. */
  get passedOver(): boolean {
    return this.#files.hidesPacks();
  }

  /** Returns undefined if no small pack has the object. For a damaged pack, throws an error of isomorphic-git. */
  async read(oid: Oid): Promise<StoredObject | undefined> {
    const { Errors, readObject } = await isomorphicGit();
    const at = { fs: this.#files, gitdir: this.#gitdir, cache: this.#openCache().cache };
    try {
      const { type, object, source } = await readObject({ ...at, oid, format: 'content' });
      const found = { type: type as ObjectType, bytes: object as Uint8Array };
      // Counts this object's size too, because isomorphic-git keeps inflated objects of a chain of deltas.
      if (source?.startsWith('objects/pack/')) this.#grow(found.bytes.length);
      return found;
    } catch (error) {
      if (error instanceof Errors.NotFoundError) return undefined;
      throw error;
    }
  }

  /** Drops the cached packs, for example after a repack. */
  forget(): void {
    this.#packs.delete(this.#key);
  }

  #openCache(): HeldPacks {
    const known = this.#packs.get(this.#key);
    if (known !== undefined) return known;
    const held = { cache: {}, bytes: 0 };
    this.#packs.set(this.#key, held);
    return held;
  }

  #grow(bytes: number): void {
    const held = this.#packs.peek(this.#key);
    if (held !== undefined)
      this.#packs.set(this.#key, { cache: held.cache, bytes: held.bytes + bytes });
  }
}
