/**
 * Journal entries name the repositories that are about to change. An entry belongs to a process; when the process has
 * ended or was stopped, another process takes over its entries and repairs the repositories.
 */
import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { sync } from './durable.ts';
import { RepositoryError } from './errors.ts';
import type { Leases } from './leases.ts';
import { type Claim, isLocked, sweepLocks, withLock } from './lock.ts';
import type { Hold, UnfinishedChange } from './types.ts';

/** While this lock exists, no new change begins. */
const HOLD = 'hold.lock';
/** How long `hold` waits for running changes, and a new change for a hold or a repair. */
const LONGEST_CHANGE_MS = 30_000;
const LOOK_AGAIN_MS = 5;
/** How the names of the locks of maintenance end. */
const MAINTENANCE = '.maintain.lock';
/** The owner of an entry that nobody owns any more. */
const NOBODY = 'left';

interface Held {
  /** How many callers in this process have added the entry. */
  count: number;
  /** The end of the queued file operations. */
  done: Promise<void>;
  /** The lease under which the file was written. */
  lease: string;
  /** After an error of the disk, the file may be there without being durable. */
  file: 'absent' | 'unsure' | 'durable';
}

/** An entry is an empty file `<name>~<lease>`, because several processes may change one repository. */
export class Journal {
  readonly #folder: string;
  readonly #leases: Leases;
  readonly #held = new Map<string, Held>();
  /** Names whose entries the disk has refused to leave. */
  readonly #unleft: string[] = [];

  private constructor(folder: string, leases: Leases) {
    this.#folder = folder;
    this.#leases = leases;
  }

  static async open(folder: string, leases: Leases): Promise<Journal> {
    await mkdir(folder, { recursive: true });
    return new Journal(folder, leases);
  }

  /**
   * Adds an entry. The first entry of a repository in this process waits while a process holds changes back or repairs
   * the repository. `add` writes the entry before it checks for these locks, and the others take their lock before they
   * check for entries, so at least one of the two sees the other. Further entries do not wait, because they belong to a
   * running change. Throws `locked`.
   */
  async add(name: string): Promise<void> {
    const until = performance.now() + LONGEST_CHANGE_MS;
    const wait = async (reason: string) => {
      if (performance.now() > until) throw new RepositoryError('locked', reason);
      await pause(LOOK_AGAIN_MS);
    };
    // Changes of the old lease end soon, because they can no longer move refs.
    while (!this.renew())
      await wait(`${name} waited too long for changes from before this process was stopped`);
    while (await this.#addOnce(name)) {
      while (await this.#isHeld(name)) await wait(`${name} waited too long for a backup or repair`);
    }
  }

  /** Returns true if a process holds changes back. The entry is then not added, and the caller must try again. */
  async #addOnce(name: string): Promise<boolean> {
    const held = this.#held.get(name);
    // An entry that is not durable yet may become so only after a hold has begun.
    const isFirst = held === undefined || held.count === 0 || held.file !== 'durable';
    try {
      await this.#change(name, 1);
      if (!isFirst || !(await this.#isHeld(name))) return false;
    } catch (error) {
      await this.remove(name);
      throw error;
    }
    await this.remove(name);
    return true;
  }

  async #isHeld(name: string): Promise<boolean> {
    const locks = [HOLD, repairLock(name)];
    for (const lock of locks) {
      if (await isLocked(this.#leases, join(this.#folder, lock))) return true;
    }
    return false;
  }

  /** Throws `fenced` if this process has an entry that another process has taken over. */
  verify(name: string): void {
    const held = this.#held.get(name);
    if (held === undefined || held.count === 0 || existsSync(this.#path(name, held.lease))) return;
    throw new RepositoryError(
      'fenced',
      `this process did not run for a while, and another one has taken over its change of ${name}`,
    );
  }

  /**
   * Keeps new changes from beginning, and waits at most `patience` milliseconds for running ones. Throws `locked`.
   */
  async hold(patience = LONGEST_CHANGE_MS): Promise<Hold> {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: held, resolve: begun, reject: failed } = Promise.withResolvers<Claim>();
    const ended = withLock(this.#leases, join(this.#folder, HOLD), async (claim) => {
      await this.#waitForChanges(patience);
      begun(claim);
      await released;
    });
    ended.catch(failed);
    const claim = await held;
    let isReleased = false;
    return {
      async release() {
        const isFirst = !isReleased;
        isReleased = true;
        try {
          if (isFirst) claim.verify();
        } finally {
          release();
          await ended;
        }
      },
    };
  }

  /** Waits until no living process has an entry. */
  async #waitForChanges(patience: number): Promise<void> {
    const until = performance.now() + patience;
    for (;;) {
      const busy = await this.#living(await this.#files());
      if (busy.size === 0) return;
      if (performance.now() > until) {
        const names = [...busy].join(', ');
        throw new RepositoryError('locked', `waited too long for a change of ${names} to end`);
      }
      await pause(LOOK_AGAIN_MS);
    }
  }

  /**
   * Undoes one `add` of this process. Removes the file when no caller in this process needs it any more. If the disk
   * refuses, `takeOver` tries again.
   */
  async remove(name: string): Promise<void> {
    await this.#change(name, -1).catch((error: Error) => process.emitWarning(error));
  }

  /** Undoes one `add`, but leaves an entry that any process repairs. If the disk refuses, `takeOver` tries again. */
  async leave(name: string): Promise<void> {
    try {
      await this.#leave(name);
    } catch (error) {
      process.emitWarning(error as Error);
      this.#unleft.push(name);
    }
  }

  async #leave(name: string): Promise<void> {
    const held = this.#held.get(name);
    const path = this.#path(name, held?.lease ?? this.#leases.id);
    // Nobody can take over the entry before it is left, or the other process has left it already.
    if (existsSync(path)) await writeFile(this.#path(name, NOBODY), '');
    await sync(this.#folder);
    await this.remove(name);
  }

  /** Does what the disk refused earlier. */
  async #tryAgain(): Promise<void> {
    for (const name of this.#unleft.splice(0)) await this.leave(name);
    for (const [name, { count }] of this.#held)
      if (count === 0) await this.#change(name, 0).catch((error) => process.emitWarning(error));
  }

  /**
   * Changes the count immediately, and then brings the file in line with the count. The file operations run in the order
   * of the calls. Otherwise the `remove` of an earlier landing could delete the file of a newer entry.
   */
  #change(name: string, by: 1 | 0 | -1): Promise<void> {
    const held = this.#held.get(name) ?? {
      count: 0,
      done: Promise.resolve(),
      lease: this.#leases.id,
      file: 'absent',
    };
    this.#held.set(name, held);
    held.count += by;
    const before = held.done.catch(() => undefined);
    const work = before.then(async () => {
      if (held.count > 0 && held.file !== 'durable') await this.#write(name, held);
      if (held.count === 0 && held.file !== 'absent') await this.#erase(name, held);
    });
    held.done = work;
    return work.finally(() => {
      if (held.count === 0 && held.file === 'absent' && held.done === work) this.#held.delete(name);
    });
  }

  /** Names of repositories with entries of any process. */
  async list(): Promise<string[]> {
    return [...new Set((await this.#files()).map(({ name }) => name))].sort();
  }

  /** The changes that have entries of any process. */
  async unfinished(): Promise<UnfinishedChange[]> {
    return (await this.#files()).flatMap(({ name, owner }) => {
      const file = statSync(this.#path(name, owner), { throwIfNoEntry: false });
      return file ? [{ name, since: file.mtime }] : [];
    });
  }

  /** Names of repositories with entries, but none of a living process. */
  async listAbandoned(): Promise<string[]> {
    const files = await this.#files();
    const living = await this.#living(files);
    const names = new Set(files.map(({ name }) => name).filter((name) => !living.has(name)));
    return [...names].sort();
  }

  /**
   * Takes over the entries of processes whose lease has ended, and returns the names of the repositories. A change that
   * such a process began can no longer move refs after it has taken their lock (`verify`).
   */
  async takeOver(): Promise<Set<string>> {
    await this.#tryAgain();
    const taken = new Set<string>();
    for (const { name, owner } of await this.#files()) {
      if (owner === NOBODY || !(await this.#leases.isEnded(owner))) continue;
      await this.#disown(name, owner);
      taken.add(name);
    }
    return taken;
  }

  /**
   * Runs `work`, and then removes the entries of a repository, if no living process has one. No change of the repository
   * begins meanwhile. From the start of `work`, no earlier change can move refs after it has taken their lock (`verify`).
   * The claim is a folder: what is moved into it is deleted. Returns undefined if there is nothing to repair.
   */
  async repair<T>(name: string, work: (claim: Claim) => Promise<T>): Promise<T | undefined> {
    const lock = join(this.#folder, repairLock(name));
    return await withLock(
      this.#leases,
      lock,
      async (claim) => {
        const files = (await this.#files()).filter((file) => file.name === name);
        if (files.length === 0 || (await this.#living(files)).size > 0) return undefined;
        for (const { owner } of files) await this.#disown(name, owner);
        const result = await work(claim);
        claim.verify();
        await rm(this.#path(name, NOBODY), { force: true });
        return result;
      },
      { kind: 'folder' },
    );
  }

  /**
   * Runs `work` while no other process maintains the repository. The lock also tells which maintenance a killed process
   * has interrupted.
   */
  async maintain<T>(name: string, work: () => Promise<T>): Promise<T> {
    return await withLock(this.#leases, join(this.#folder, `${name}${MAINTENANCE}`), work);
  }

  /** Names of repositories whose maintenance was interrupted because its process has ended. */
  async interruptedMaintenance(): Promise<string[]> {
    const locks = (await readdir(this.#folder)).filter((file) => file.endsWith(MAINTENANCE));
    const names: string[] = [];
    for (const lock of locks) {
      const path = join(this.#folder, lock);
      if (!(await isLocked(this.#leases, path))) names.push(lock.slice(0, -MAINTENANCE.length));
    }
    return names;
  }

  /** Removes locks of processes that have ended. */
  sweep(): Promise<void> {
    return sweepLocks(this.#leases, this.#folder, MAINTENANCE);
  }

  /** Begins a new lease if the old one was lost and no change of the old one is left. Returns whether there is a lease. */
  renew(): boolean {
    if (this.#leases.isLost && this.#held.size === 0) this.#leases.begin();
    return !this.#leases.isLost;
  }

  async #disown(name: string, owner: string): Promise<void> {
    try {
      await rename(this.#path(name, owner), this.#path(name, NOBODY));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  async #living(files: readonly Entry[]): Promise<Set<string>> {
    const living = new Set<string>();
    for (const { name, owner } of files) {
      if (!living.has(name) && !(await this.#leases.isEnded(owner))) living.add(name);
    }
    return living;
  }

  #path(name: string, owner: string): string {
    return join(this.#folder, `${name}~${owner}`);
  }

  /** Syncs only the folder: the file is empty, and the folder contains its name. */
  async #write(name: string, held: Held): Promise<void> {
    if (held.file === 'absent') held.lease = this.#leases.id;
    held.file = 'unsure';
    await writeFile(this.#path(name, held.lease), '');
    await sync(this.#folder);
    held.file = 'durable';
  }

  async #erase(name: string, held: Held): Promise<void> {
    await rm(this.#path(name, held.lease), { force: true });
    held.file = 'absent';
  }

  async #files(): Promise<Entry[]> {
    const files = await readdir(this.#folder);
    return files.flatMap((file) => {
      const [, name, owner] = /^([^~]+)~([^~]+)$/.exec(file) ?? [];
      return name !== undefined && owner !== undefined ? [{ name, owner }] : [];
    });
  }
}

interface Entry {
  name: string;
  owner: string;
}

/** Not `<name>.lock`, because a definition may be named `hold`. */
const repairLock = (name: string): string => `${name}.repair.lock`;
