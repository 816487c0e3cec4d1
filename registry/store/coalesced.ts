/** Runs `work`, never twice at once: whoever asks during a run shares one more run, which begins after it. */
export class Coalesced {
  readonly #work: () => Promise<void>;
  #isWanted = false;
  #running: Promise<void> | undefined;

  /** `work` handles its errors itself: whoever asks only waits. */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves once a run that began after this call has ended. */
  run(): Promise<void> {
    this.#isWanted = true;
    this.#running ??= this.#runAll();
    return this.#running;
  }

  /** Resolves once nothing runs. */
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
      // In the same step as the last look at `#isWanted`, so that no call in between is lost.
      this.#running = undefined;
    }
  }
}
