/** Runs `work` on request, but never twice at once. All calls during a run share one further run after it. */
export class Coalesced {
  readonly #work: () => Promise<void>;
  #isWanted = false;
  #running: Promise<void> | undefined;

  /** @param work must handle its own errors, because callers only wait for its end */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when a run that began after this call has ended. */
  run(): Promise<void> {
    this.#isWanted = true;
    this.#running ??= this.#runAll();
    return this.#running;
  }

  /** Resolves when no run is in progress. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #runAll(): Promise<void> {
    try {
      while (this.#isWanted) {
        this.#isWanted = false;
        await this.#work();
      }
    } finally {
      // No await may come between the last check of `#isWanted` and this line, or a call in between would be lost.
      this.#running = undefined;
    }
  }
}
