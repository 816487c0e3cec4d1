/** Work that takes a few milliseconds at a time, one piece in each turn of the event loop, so that others come in between. */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Settles when it is the caller's turn, which lasts as long as the caller goes on without waiting. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(this.#begin);
    });
  }

  readonly #begin = (): void => {
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(this.#begin);
  };
}
