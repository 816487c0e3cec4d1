/**
 * Counts failures by key, in memory. The number of keys is limited, and keys with the oldest failures are dropped first.
 * These counts do not use the caches' shared budget, because only newer failures may remove a key.
 */
import { LRUCache } from 'lru-cache';

/** A map that keeps the `most` entries that were written last. */
const newest = <V extends object>(most: number): LRUCache<string, V> =>
  new LRUCache({ maxSize: most, sizeCalculation: () => 1 });

/** Counts the failures within a time window. Pure except for its clock. */
export class Failures {
  readonly #windowMs: number;
  readonly #most: number;
  readonly #now: () => number;
  /** The times of the last failures of each key, oldest first. */
  readonly #times: LRUCache<string, number[]>;

  /** Keeps at most `keys` keys, and for each key the last `most` failures of the last `windowMs` milliseconds. */
  constructor(limits: { windowMs: number; most: number; keys: number; now: () => number }) {
    this.#windowMs = limits.windowMs;
    this.#most = limits.most;
    this.#now = limits.now;
    this.#times = newest(limits.keys);
  }

  add(key: string): void {
    this.#times.set(key, [...this.#recent(key), this.#now()].slice(-this.#most));
  }

  /** Seconds until the window has fewer than `most` failures. 0 if the window has fewer now. */
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

/**
 * Counts failures in a row. The first few are free, and each further failure doubles the wait. Pure except for its
 * clock.
 */
export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  readonly #forgetMs: number;
  readonly #now: () => number;
  readonly #rows: LRUCache<string, { count: number; last: number }>;

  /**
   * The first wait takes `firstMs`, and the longest takes `mostMs`. After `forgetMs` without a failure, a key starts
   * again.
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

  /** Returns whether there were failures. */
  forget(key: string): boolean {
    return this.#rows.delete(key);
  }

  /** Seconds until the next try is allowed. The first `free` failures cause no wait. 0 if a try is allowed now. */
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
