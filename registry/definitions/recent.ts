/**
 * Caches results of a pure function and evicts the least recently used. A save asks several questions about
 * the same text, and an editor asks again after every pause.
 */
export class Recent<Value extends object> {
  readonly #values = new Map<string, Value>();
  readonly #most: number;
  readonly #longest: number;

  /** Keeps up to `most` values whose keys have at most `longest` UTF-16 code units. */
  constructor(most: number, longest: number) {
    this.#most = most;
    this.#longest = longest;
  }

  /** The value for a key, computed if it is not cached. Errors of `make` are thrown and not cached. */
  recall(key: string, make: () => Value): Value {
    const value = this.#values.get(key) ?? make();
    if (key.length > this.#longest) return value;
    this.#values.delete(key);
    this.#values.set(key, value);
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#most) this.#values.delete(oldest as string);
    return value;
  }

  forget(key: string): void {
    this.#values.delete(key);
  }
}
