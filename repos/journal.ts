/** Notes of the repositories that are about to change, so that a start after a crash looks at those alone. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sync, writeSynced } from './durable.ts';
import { isGone, owner } from './owner.ts';

/** A note is an empty file `<name>~<process>`: several processes may have the same repository in hand. */
export class Journal {
  readonly #folder: string;
  /** How many callers of this process hold each note, and the file work on it, one after the other. */
  readonly #held = new Map<string, { count: number; done: Promise<void> }>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<Journal> {
    await mkdir(folder, { recursive: true });
    return new Journal(folder);
  }

  async note(name: string): Promise<void> {
    await this.#change(name, 1);
  }

  /** Takes back one `note` of this process; the file goes with the last. */
  async strike(name: string): Promise<void> {
    await this.#change(name, -1);
  }

  /**
   * Counts at once and does the file work in the order of the calls, so that a note is never taken by
   * the strike of a landing before it.
   */
  #change(name: string, by: 1 | -1): Promise<void> {
    const held = this.#held.get(name) ?? { count: 0, done: Promise.resolve() };
    this.#held.set(name, held);
    held.count += by;
    const { count } = held;
    const before = held.done.catch(() => undefined);
    const work = before.then(async () => {
      if (by === 1 && count === 1) await this.#write(name);
      if (by === -1 && count === 0) await rm(this.#path(name, owner), { force: true });
    });
    held.done = work;
    return work.finally(() => {
      if (held.count === 0 && held.done === work) this.#held.delete(name);
    });
  }

  async abandoned(): Promise<string[]> {
    const files = await this.#files();
    const living = new Set(files.filter((file) => !isGone(file.owner)).map(({ name }) => name));
    const names = new Set(files.map(({ name }) => name).filter((name) => !living.has(name)));
    return [...names].sort();
  }

  async forget(name: string): Promise<void> {
    for (const file of await this.#files()) {
      if (file.name !== name || !isGone(file.owner)) continue;
      await rm(this.#path(name, file.owner), { force: true });
    }
  }

  #path(name: string, holder: string): string {
    return join(this.#folder, `${name}~${holder}`);
  }

  async #write(name: string): Promise<void> {
    await writeSynced(this.#path(name, owner), '');
    await sync(this.#folder);
  }

  async #files(): Promise<{ name: string; owner: string }[]> {
    const files = await readdir(this.#folder);
    return files.flatMap((file) => {
      const [, name, owner] = /^([^~]+)~([^~]+)$/.exec(file) ?? [];
      return name !== undefined && owner !== undefined ? [{ name, owner }] : [];
    });
  }
}
