/**
 * Counts failures by key, in memory. The number of keys is limited; the keys whose last failure is oldest are
 * forgotten first. Not part of the caches' budget, because only other failures may displace an entry.
 */
import { LRUCache } from 'lru-cache';

/** Entries in the order in which they were last written; the oldest beyond `most` are dropped. */
const newest = <V extends object>(most: number): LRUCache<string, V> =>
  new LRUCache({ maxSize: most, sizeCalculation: () => 1 });

/** How many failures happened within a time window. Pure except for its clock, like `Backoff`. */
export class Failures {
  readonly #windowMs: number;
  readonly #most: number;
  readonly #now: () => number;
  /** Times of the last failures of a key, oldest first. */
  readonly #times: LRUCache<string, number[]>;

  /** Remembers at most `keys` keys and of each the last `most` failures, for `windowMs`. */
  constructor(limits: { windowMs: number; most: number; keys: number; now: () => number }) {
    this.#windowMs = limits.windowMs;
    this.#most = limits.most;
    this.#now = limits.now;
    this.#times = newest(limits.keys);
  }

  add(key: string): void {
    this.#times.set(key, [...this.#recent(key), this.#now()].slice(-this.#most));
  }

  /** Seconds until there are fewer than `most` failures in the window; 0 if there are already fewer. */
  waitFor(key: string): number {
    const times = this.#recent(key);
    if (times.length < this.#most) return 0;
    return secondsUntil((times[0] as number) + this.#windowMs, this.#now());
  }

  #recent(key: string): number[] {
    const since = this.#now() - this.#windowMs;
    return (this.#times.peek(key) ?? []).filter((time) => time > since);
  }
}

/** Failures in a row: some are free, then each doubles the wait before the next try. */
export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  readonly #forgetMs: number;
  readonly #now: () => number;
  readonly #rows: LRUCache<string, { count: number; last: number }>;

  /**
   * The first wait is `firstMs`, the longest `mostMs`; after `forgetMs` without failures a key starts again.
   */
  constructor(limits: {
    firstMs: number;
    mostMs: number;
    forgetMs: number;
    keys: number;
    now: () => number;
  }) {
    this.#firstMs = limits.firstMs;
    this.#mostMs = limits.mostMs;
    this.#forgetMs = limits.forgetMs;
    this.#now = limits.now;
    this.#rows = newest(limits.keys);
  }

  add(key: string): void {
    this.#rows.set(key, { count: (this.#row(key)?.count ?? 0) + 1, last: this.#now() });
  }

  forget(key: string): void {
    this.#rows.delete(key);
  }

  /** Seconds until the next try, if the first `free` failures cost nothing; 0 if it may be made now. */
  waitFor(key: string, free: number): number {
    const row = this.#row(key);
    if (!row || row.count < free) return 0;
    const wait = Math.min(this.#mostMs, this.#firstMs * 2 ** (row.count - free));
    return secondsUntil(row.last + wait, this.#now());
  }

  #row(key: string) {
    const row = this.#rows.peek(key);
    return row && this.#now() - row.last < this.#forgetMs ? row : undefined;
  }
}

const secondsUntil = (time: number, now: number): number =>
  Math.max(0, Math.ceil((time - now) / 1000));
