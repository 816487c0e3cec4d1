/** Packs repositories in the background, one at a time. Landings never wait for maintenance. */
import type { Repository } from './types.ts';

/** Only every 16th version triggers maintenance, because the check for loose objects lists several folders. */
const EVERY = 16;

export class Upkeep {
  #due = new Map<string, Repository>();
  #running: Promise<void> | undefined;
  #closed = false;

  /** Must be called after each landing, with the newest version and the number of versions that landed. */
  schedule(repository: Repository, newest: number, count: number): void {
    const passed = Math.floor(newest / EVERY) > Math.floor((newest - count) / EVERY);
    if (!passed || this.#closed) return;
    this.#due.set(repository.name, repository);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    for (const [name, repository] of this.#due) {
      this.#due.delete(name);
      if (this.#closed) break;
      // A failure loses nothing. No caller waits for maintenance, so a warning informs the operator.
      await repository.maintain().catch((error: Error) => process.emitWarning(error));
    }
    this.#running = undefined;
  }

  /** Waits for the repository that is being packed. Scheduled repositories are packed after later landings. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }
}
