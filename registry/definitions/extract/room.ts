/** Values that are made when they are asked for, and kept while there is room: least recently used ones go first. */
export class Room<Value> {
  readonly #kept = new Map<string, Value>();
  readonly #room: number;
  readonly #sizeOf: (value: Value) => number;
  #size = 0;

  constructor(room: number, sizeOf: (value: Value) => number) {
    this.#room = room;
    this.#sizeOf = sizeOf;
  }

  /** The value of a key; what `make` throws comes out, and is not kept. */
  recall(key: string, make: () => Value): Value {
    const isKnown = this.#kept.has(key);
    const value = isKnown ? (this.#kept.get(key) as Value) : make();
    if (isKnown) this.#kept.delete(key);
    else this.#size += this.#sizeOf(value);
    this.#kept.set(key, value);
    for (const [oldest, old] of this.#kept) {
      if (this.#size <= this.#room || oldest === key) break;
      this.#kept.delete(oldest);
      this.#size -= this.#sizeOf(old);
    }
    return value;
  }
}
