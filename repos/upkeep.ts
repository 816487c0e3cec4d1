/** Maintenance beside the work: one repository at a time, never awaited by a landing. */
import type { Repository } from './types.ts';

/** Looking whether there is something to pack costs a few folder listings; a landing in so many pays for one. */
const EVERY = 16;

export class Upkeep {
  #due = new Map<string, Repository>();
  #running: Promise<void> | undefined;
  #closed = false;

  /** Told of each landing: its newest version, and how many it landed. */
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
      // Nobody waits for this, and nothing is lost when it fails: whoever runs the process is told.
      await repository.maintain().catch((error: Error) => process.emitWarning(error));
    }
    this.#running = undefined;
  }

  /** Waits for the repository that is being packed; those that are due wait for their next landings. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }
}
