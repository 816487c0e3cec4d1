/**
 * Journal entries name the repositories that are about to change. The start after a crash checks only these
 * repositories.
 */
import { mkdir, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sync } from './durable.ts';
import { RepositoryError } from './errors.ts';
import { withLock } from './lock.ts';
import { isGone, owner } from './owner.ts';
import type { Hold } from './types.ts';

/** While this lock exists, no new change begins. */
const HOLD = 'hold.lock';
/** How long `hold` waits for running changes. Changes take milliseconds to seconds. */
const LONGEST_CHANGE_MS = 30_000;
const LOOK_AGAIN_MS = 5;

/**
 * An entry is an empty file `<name>~<process>`. The file name contains the process because several processes may change
 * one repository.
 */
export class Journal {
  readonly #folder: string;
  /** For each entry, how many callers in this process have added it, and the end of its queued file operations. */
  readonly #held = new Map<string, { count: number; done: Promise<void> }>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<Journal> {
    await mkdir(folder, { recursive: true });
    return new Journal(folder);
  }

  /**
   * Adds an entry. The first entry of a repository in this process waits while a process holds changes back. `add`
   * writes the entry before it checks for a hold, and `hold` takes its lock before it checks for entries. So at least
   * one of the two sees the other. Further entries do not wait, because they belong to a running change.
   */
  async add(name: string): Promise<void> {
    while (await this.#addOnce(name)) while (await this.#isHeld()) await pause(LOOK_AGAIN_MS);
  }

  /**
   * Returns true if a process holds changes back. In this case the entry is not added, and the caller must try again.
   */
  async #addOnce(name: string): Promise<boolean> {
    const isFirst = !((this.#held.get(name)?.count ?? 0) > 0);
    await this.#change(name, 1);
    if (!isFirst || !(await this.#isHeld())) return false;
    await this.#change(name, -1);
    return true;
  }

  /** Whether a living process holds changes back. */
  async #isHeld(): Promise<boolean> {
    const holder = await readlink(join(this.#folder, HOLD)).catch(() => undefined);
    return holder !== undefined && !isGone(holder);
  }

  /**
   * Keeps new changes from beginning, and waits at most `patience` milliseconds for running ones. Throws `locked`.
   */
  async hold(patience = LONGEST_CHANGE_MS): Promise<Hold> {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: held, resolve: begun, reject: failed } = Promise.withResolvers<void>();
    const ended = withLock(join(this.#folder, HOLD), async () => {
      await this.#waitForChanges(patience);
      begun();
      await released;
    });
    ended.catch(failed);
    await held;
    return {
      async release() {
        release();
        await ended;
      },
    };
  }

  /** Waits until no living process has an entry. */
  async #waitForChanges(patience: number): Promise<void> {
    const until = Date.now() + patience;
    for (;;) {
      const busy = (await this.#files()).filter((file) => !isGone(file.owner));
      if (busy.length === 0) return;
      if (Date.now() > until) {
        const names = [...new Set(busy.map(({ name }) => name))].join(', ');
        throw new RepositoryError('locked', `waited too long for a change of ${names} to end`);
      }
      await pause(LOOK_AGAIN_MS);
    }
  }

  /** Undoes one `add` of this process. Removes the file when no caller in this process needs it any more. */
  async remove(name: string): Promise<void> {
    await this.#change(name, -1);
  }

  /**
   * Changes the count immediately, but runs the file operations in the order of the calls. Otherwise the `remove` of an
   * earlier landing could delete the file of a newer entry.
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

  /** Names of repositories with entries of dead processes only. */
  async list(): Promise<string[]> {
    return [...new Set((await this.#files()).map(({ name }) => name))].sort();
  }

  async listAbandoned(): Promise<string[]> {
    const files = await this.#files();
    const living = new Set(files.filter((file) => !isGone(file.owner)).map(({ name }) => name));
    const names = new Set(files.map(({ name }) => name).filter((name) => !living.has(name)));
    return [...names].sort();
  }

  async removeAbandoned(name: string): Promise<void> {
    for (const file of await this.#files()) {
      if (file.name !== name || !isGone(file.owner)) continue;
      await rm(this.#path(name, file.owner), { force: true });
    }
  }

  #path(name: string, holder: string): string {
    return join(this.#folder, `${name}~${holder}`);
  }

  /** Syncs only the folder: the file is empty, and the folder contains its name. */
  async #write(name: string): Promise<void> {
    await writeFile(this.#path(name, owner), '');
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
