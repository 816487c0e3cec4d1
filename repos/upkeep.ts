/** Maintenance in the background: one repository at a time. Landings never wait for it. */
import type { Repository } from './types.ts';

/** Checking whether there is something to pack takes a few folder listings, so only one landing in so many checks. */
const EVERY = 16;

export class Upkeep {
  #due = new Map<string, Repository>();
  #running: Promise<void> | undefined;
  #closed = false;

  /** Called after each landing with its newest version and the number of versions that it landed. */
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
      // Nothing is lost if it fails. Nobody waits for it, so a warning tells the operator.
      await repository.maintain().catch((error: Error) => process.emitWarning(error));
    }
    this.#running = undefined;
  }

  /** Waits for the repository that is being packed. The others are packed after their next landings. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }
}
