/** Caches that share one budget of memory (docs/decisions/0033-one-cache.md). */
import { LRUCache } from 'lru-cache';

/** The bytes that an entry needs besides its value and its key's letters: a slot of the map, links, the key's header. */
const ENTRY_BYTES = 200;

export interface CacheState {
  name: string;
  bytes: number;
  entries: number;
  hits: number;
  misses: number;
}

export interface CacheOptions {
  /** The fraction of the cache that one entry may take, a quarter by default. Larger values are not cached. */
  largest?: number;
}

/** A cache for values that take long to make. Callers share the values. The least recently used are dropped first. */
export class Cache<V extends object | string> {
  readonly #entries: LRUCache<string, V, () => Promise<V>>;
  #hits = 0;
  #misses = 0;

  /** @param sizeOf estimates the bytes of a value */
  constructor(bytes: number, sizeOf: (value: V) => number, { largest = 1 / 4 }: CacheOptions = {}) {
    this.#entries = new LRUCache({
      maxSize: bytes,
      maxEntrySize: Math.floor(largest * bytes),
      sizeCalculation: (value, key) => Math.ceil(sizeOf(value)) + key.length + ENTRY_BYTES,
      fetchMethod: (_key, _stale, { context: make }) => make(),
      // A caller that waits for a value gets it, even if other values displace it from the cache meanwhile.
      ignoreFetchAbort: true,
    });
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) this.#misses += 1;
    else this.#hits += 1;
    return value;
  }

  /** Returns what `get` does, but does not count a lookup and does not mark the entry as used. */
  peek(key: string): V | undefined {
    return this.#entries.peek(key);
  }

  set(key: string, value: V): void {
    this.#entries.set(key, value);
  }

  /** Returns the value of a key, and makes it once for all concurrent callers. An error of `make` is not cached. */
  async load(key: string, make: () => Promise<V>): Promise<V> {
    return this.get(key) ?? ((await this.#entries.fetch(key, { context: make })) as V);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Deletes the entries with keys that begin with `prefix`. Visits every entry of the cache. */
  deleteAll(prefix: string): void {
    this.deleteWhere((_value, key) => key.startsWith(prefix));
  }

  /** Deletes the entries for which `isIt` returns true. Visits every entry of the cache. */
  deleteWhere(isIt: (value: V, key: string) => boolean): void {
    for (const [key, value] of [...this.#entries.entries()]) if (isIt(value, key)) this.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  get state(): Omit<CacheState, 'name'> {
    const { calculatedSize: bytes, size: entries } = this.#entries;
    return { bytes, entries, hits: this.#hits, misses: this.#misses };
  }
}

/** The state of a cache that was not opened yet. */
const UNUSED = { bytes: 0, entries: 0, hits: 0, misses: 0 };

/**
 * All caches of a registry. Each cache has a fixed share of the budget, so no kind of value can displace the others.
 */
export class Caches {
  readonly #bytes: number;
  readonly #shares: Readonly<Record<string, number>>;
  readonly #opened = new Map<string, Pick<Cache<never>, 'state'>>();

  /**
   * @param bytes the budget of all caches together
   * @param shares for the name of each cache, its share of the budget, relative to the other shares
   */
  constructor(bytes: number, shares: Readonly<Record<string, number>>) {
    this.#bytes = bytes;
    this.#shares = shares;
  }

  /**
   * Returns the cache of this name, the same one for every call.
   * @throws Error if the name has no share
   */
  open<V extends object | string>(
    name: string,
    sizeOf: (value: V) => number,
    options?: CacheOptions,
  ): Cache<V> {
    const opened = this.#opened.get(name);
    if (opened) return opened as Cache<V>;
    const share = this.#shares[name];
    if (share === undefined) throw new Error(`the cache ${name} has no share of the budget`);
    const all = Object.values(this.#shares).reduce((sum, one) => sum + one, 0);
    const cache = new Cache(Math.floor((this.#bytes * share) / all), sizeOf, options);
    this.#opened.set(name, cache);
    return cache;
  }

  get state(): CacheState[] {
    return Object.keys(this.#shares).map((name) => ({
      name,
      ...(this.#opened.get(name)?.state ?? UNUSED),
    }));
  }
}
