/**
 * A cache of limited size that creates values when they are asked for. The cache drops the least recently used values
 * first.
 */
export class SizedCache<Value> {
  readonly #kept = new Map<string, Value>();
  readonly #limit: number;
  readonly #sizeOf: (value: Value) => number;
  #size = 0;

  constructor(limit: number, sizeOf: (value: Value) => number) {
    this.#limit = limit;
    this.#sizeOf = sizeOf;
  }

  /** The value of a key; `make` creates it if needed. Errors of `make` are passed on and not cached. */
  recall(key: string, make: () => Value): Value {
    const isKnown = this.#kept.has(key);
    const value = isKnown ? (this.#kept.get(key) as Value) : make();
    if (isKnown) this.#kept.delete(key);
    else this.#size += this.#sizeOf(value);
    this.#kept.set(key, value);
    for (const [oldest, old] of this.#kept) {
      if (this.#size <= this.#limit || oldest === key) break;
      this.#kept.delete(oldest);
      this.#size -= this.#sizeOf(old);
    }
    return value;
  }
}
