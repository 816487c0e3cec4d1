/** Notes of the repositories that are about to change, so that a start after a crash looks at those alone. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sync, writeSynced } from './durable.ts';
import { isGone, owner } from './owner.ts';

/** A note is an empty file `<name>~<process>`: several processes may have the same repository in hand. */
export class Journal {
  readonly #folder: string;
  /** How many callers of this process hold each note, and when its file is durable. */
  readonly #held = new Map<string, { count: number; written: Promise<void> }>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<Journal> {
    await mkdir(folder, { recursive: true });
    return new Journal(folder);
  }

  async note(name: string): Promise<void> {
    const held = this.#held.get(name) ?? { count: 0, written: this.#write(name) };
    held.count += 1;
    this.#held.set(name, held);
    await held.written;
  }

  /**
   * Takes back one `note`; the file goes with the last. Without one of this process it is a repair
   * that is done, and the notes that dead processes left go.
   */
  async strike(name: string): Promise<void> {
    const held = this.#held.get(name);
    if (held !== undefined && --held.count > 0) return;
    this.#held.delete(name);
    const files = await this.#files();
    const struck = files.filter(
      (file) =>
        file.name === name && (held === undefined ? isGone(file.owner) : file.owner === owner),
    );
    for (const file of struck) await rm(join(this.#folder, `${file.name}~${file.owner}`));
  }

  async noted(): Promise<string[]> {
    return [...new Set((await this.#files()).map(({ name }) => name))].sort();
  }

  async #write(name: string): Promise<void> {
    await writeSynced(join(this.#folder, `${name}~${owner}`), '');
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
