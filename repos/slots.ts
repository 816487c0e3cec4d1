/** A limited number of slots, given out in the order of the requests. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Returns a function that releases the slot (further calls do nothing); undefined after an abort. */
  take(): Promise<() => void>;
  take(signal: AbortSignal): Promise<(() => void) | undefined>;
  async take(signal?: AbortSignal): Promise<(() => void) | undefined> {
    if (signal?.aborted) return undefined;
    if (this.#free > 0) this.#free -= 1;
    else if (!(await this.#turn(signal))) return undefined;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#pass();
    };
  }

  #turn(signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const mine = () => {
        signal?.removeEventListener('abort', abort);
        resolve(true);
      };
      const abort = () => {
        this.#waiting.delete(mine);
        resolve(false);
      };
      this.#waiting.add(mine);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #pass(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
