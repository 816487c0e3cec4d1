/**
 * Lets long work run in steps of a few milliseconds, one in each turn of the event loop. Other requests run between two
 * steps.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Resolves when the caller may do its next step. The step lasts until the caller awaits something. */
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
