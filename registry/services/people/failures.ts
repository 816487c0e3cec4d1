/** Counting what fails, by key. In memory, bounded: keys that were not heard of for longest are forgotten first. */

/** A map that keeps its newest entries; it is in the order in which they were last written. */
class Newest<V> {
  readonly #most: number;
  readonly #values = new Map<string, V>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#most) return;
    const [oldest] = this.#values.keys();
    this.#values.delete(oldest as string);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}

/** How many failed within a window of time. Pure but for its clock, as is `Backoff`. */
export class Failures {
  readonly #windowMs: number;
  readonly #most: number;
  readonly #now: () => number;
  /** Times of the last failures of a key, oldest first. */
  readonly #times: Newest<number[]>;

  /** Remembers at most `keys` keys and of each the last `most` failures, for `windowMs`. */
  constructor(limits: { windowMs: number; most: number; keys: number; now: () => number }) {
    this.#windowMs = limits.windowMs;
    this.#most = limits.most;
    this.#now = limits.now;
    this.#times = new Newest(limits.keys);
  }

  add(key: string): void {
    this.#times.set(key, [...this.#recent(key), this.#now()].slice(-this.#most));
  }

  /** Seconds until there are fewer than `most` failures in the window; 0 where there are. */
  waitFor(key: string): number {
    const times = this.#recent(key);
    if (times.length < this.#most) return 0;
    return secondsUntil((times[0] as number) + this.#windowMs, this.#now());
  }

  #recent(key: string): number[] {
    const since = this.#now() - this.#windowMs;
    return (this.#times.get(key) ?? []).filter((time) => time > since);
  }
}

/** Failures in a row: some are free, then each makes the next try wait for twice as long. */
export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  readonly #forgetMs: number;
  readonly #now: () => number;
  readonly #rows: Newest<{ count: number; last: number }>;

  /** The first wait is `firstMs`, the longest `mostMs`; a key without failures for `forgetMs` starts anew. */
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
    this.#rows = new Newest(limits.keys);
  }

  add(key: string): void {
    this.#rows.set(key, { count: (this.#row(key)?.count ?? 0) + 1, last: this.#now() });
  }

  forget(key: string): void {
    this.#rows.delete(key);
  }

  /** Seconds until the next try, where the first `free` failures cost nothing; 0 where it may be now. */
  waitFor(key: string, free: number): number {
    const row = this.#row(key);
    if (!row || row.count < free) return 0;
    const wait = Math.min(this.#mostMs, this.#firstMs * 2 ** (row.count - free));
    return secondsUntil(row.last + wait, this.#now());
  }

  #row(key: string) {
    const row = this.#rows.get(key);
    return row && this.#now() - row.last < this.#forgetMs ? row : undefined;
  }
}

const secondsUntil = (time: number, now: number): number =>
  Math.max(0, Math.ceil((time - now) / 1000));
