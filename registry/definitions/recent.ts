/**
 * The last results of a pure function, least recently used out first. A save asks the same of the same
 * text several times (is it valid, what does it say), and an editor asks again after every pause.
 */
export class Recent<Value extends object> {
  readonly #values = new Map<string, Value>();
  readonly #most: number;
  readonly #longest: number;

  /** Keeps `most` values, and none whose key has more than `longest` UTF-16 code units. */
  constructor(most: number, longest: number) {
    this.#most = most;
    this.#longest = longest;
  }

  /** The value of a key, made where it is not kept; what `make` throws comes out and is not kept. */
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
