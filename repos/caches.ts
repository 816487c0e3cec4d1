/** Caches that share one budget of memory (docs/decisions/0033-one-cache.md). */
import { LRUCache } from 'lru-cache';

/** The bytes of an entry besides its value and the letters of its key: a slot of the map, links, the key's header. */
const ENTRY_BYTES = 200;

export interface CacheState {
  name: string;
  bytes: number;
  entries: number;
  hits: number;
  misses: number;
}

export interface CacheOptions {
  /** The share of the cache that one entry may take, a quarter by default. Larger values are not kept. */
  largest?: number;
}

/** Values that take long to make, may be shared and are never undefined. The least recently used are dropped first. */
export class Cache<V extends object | string> {
  readonly #entries: LRUCache<string, V, () => Promise<V>>;
  #hits = 0;
  #misses = 0;

  /** @param sizeOf the bytes of a value, as far as they can be estimated */
  constructor(bytes: number, sizeOf: (value: V) => number, { largest = 1 / 4 }: CacheOptions = {}) {
    this.#entries = new LRUCache({
      maxSize: bytes,
      maxEntrySize: Math.floor(largest * bytes),
      sizeCalculation: (value, key) => Math.ceil(sizeOf(value)) + key.length + ENTRY_BYTES,
      fetchMethod: (_key, _stale, { context: make }) => make(),
      // Whoever waits for a value gets it, even if other values displace it meanwhile.
      ignoreFetchAbort: true,
    });
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) this.#misses += 1;
    else this.#hits += 1;
    return value;
  }

  /** Like `get`, but counts neither as a lookup nor as a use. */
  peek(key: string): V | undefined {
    return this.#entries.peek(key);
  }

  set(key: string, value: V): void {
    this.#entries.set(key, value);
  }

  /** The value of a key, made once for all concurrent callers. If `make` fails, the error is not kept. */
  async load(key: string, make: () => Promise<V>): Promise<V> {
    return this.get(key) ?? ((await this.#entries.fetch(key, { context: make })) as V);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Deletes the entries whose keys begin with `prefix`. Takes time in proportion to all entries. */
  deleteAll(prefix: string): void {
    this.deleteWhere((_value, key) => key.startsWith(prefix));
  }

  /** Deletes the entries that `isIt` names; takes time in proportion to all entries. */
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

/** All caches of a registry. Each has a fixed share of the budget, so that no kind of value displaces all others. */
export class Caches {
  readonly #bytes: number;
  readonly #shares: Readonly<Record<string, number>>;
  readonly #opened = new Map<string, Pick<Cache<never>, 'state'>>();

  /**
   * @param bytes the budget
   * @param shares the name of each cache → its share of the budget, relative to the others
   */
  constructor(bytes: number, shares: Readonly<Record<string, number>>) {
    this.#bytes = bytes;
    this.#shares = shares;
  }

  /**
   * The cache of this name, the same one for every call.
   * @throws Error for a name without a share
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
