/** Reads objects from packs of a few megabytes with isomorphic-git, within this process. */
import type { Cache } from './caches.ts';
import type { StoredObject } from './cat-file.ts';
import type { ObjectType } from './object-text.ts';
import { packFiles } from './pack-files.ts';
import type { Oid } from './types.ts';

/** Half a megabyte of code, loaded when the first packed object is read. */
const isomorphicGit = () => import('isomorphic-git');

/** What isomorphic-git keeps of a repository's packs: their bytes, their parsed indexes and the bases of deltas. */
export interface HeldPacks {
  /** isomorphic-git's `cache` parameter. It only grows, so it is dropped as a whole. */
  cache: object;
  bytes: number;
}

export class SmallPacks {
  readonly #gitdir: string;
  readonly #key: string;
  readonly #files: ReturnType<typeof packFiles>;
  readonly #packs: Cache<HeldPacks>;

  /** `folders` are the objects folders to read. The name of the first is the key in the cache. */
  constructor(gitdir: string, folders: readonly [string, ...string[]], packs: Cache<HeldPacks>) {
    this.#gitdir = gitdir;
    this.#key = folders[0];
    this.#packs = packs;
    this.#files = packFiles(gitdir, folders, (bytes) => this.#grow(bytes));
  }

  /** Whether the last read passed over a pack that is too large. */
  get passedOver(): boolean {
    return this.#files.hidesPacks();
  }

  /** Returns undefined if no small pack has the object. Throws what isomorphic-git throws for a damaged pack. */
  async read(oid: Oid): Promise<StoredObject | undefined> {
    const { Errors, readObject } = await isomorphicGit();
    const at = { fs: this.#files, gitdir: this.#gitdir, cache: this.#openCache().cache };
    try {
      const { type, object, source } = await readObject({ ...at, oid, format: 'content' });
      const found = { type: type as ObjectType, bytes: object as Uint8Array };
      // isomorphic-git keeps the inflated objects of a long chain of deltas.
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
