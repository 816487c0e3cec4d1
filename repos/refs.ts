/** Reads and moves the refs of one repository. All refs are in the file `packed-refs` (docs/decisions/0001). */
import { type Dirent, statSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { sync } from './durable.ts';
import { RepositoryError } from './errors.ts';
import type { Leases } from './leases.ts';
import { type Claim, withLock } from './lock.ts';
import { applyUpdates, formatPackedRefs, parsePackedRefs, sorted } from './packed-refs.ts';
import type { Oid, Ref, Refs, RefUpdate } from './types.ts';

export type Peel = (oid: Oid) => Promise<Oid | undefined>;

/** Objects that are still being written. */
export interface Coming {
  /** Resolves when they are durable. No ref moves before. */
  written: Promise<void>;
  /** What each of them points to, if it is a tag. */
  peeled: ReadonlyMap<Oid, Oid | undefined>;
}

export interface RefStoreDeps {
  peel: Peel;
  leases: Leases;
  /** Throws `fenced` if another process has taken over the changes that this process began. */
  verify: () => void;
}

export class RefStore {
  readonly #path: string;
  readonly #file: string;
  readonly #peel: Peel;
  readonly #leases: Leases;
  readonly #verify: () => void;
  #held: { refs: Refs; stamp: string } | undefined;
  /** The poll of the event loop in which the file was last found unchanged (see `currentPoll`). */
  #lookedAt: number | undefined;
  #loading: { stamp: string; refs: Promise<Refs> } | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(path: string, { peel, leases, verify }: RefStoreDeps) {
    this.#path = path;
    this.#file = join(path, 'packed-refs');
    this.#peel = peel;
    this.#leases = leases;
    this.#verify = verify;
  }

  /**
   * Returns the same map until a ref changes, so callers can use the map as the key of a cache. Sees changes by other
   * processes. If nothing changed, a call costs one stat.
   */
  async read(): Promise<Refs> {
    const stamp = this.#stamp();
    if (this.#held?.stamp === stamp) return this.#held.refs;
    // A load that began with another stamp may have read the file before the change.
    if (this.#loading?.stamp !== stamp) this.#loading = this.#startLoading(stamp);
    return this.#loading.refs;
  }

  #startLoading(stamp: string) {
    const loading = {
      stamp,
      refs: this.#load(stamp).finally(() => {
        if (this.#loading === loading) this.#loading = undefined;
      }),
    };
    return loading;
  }

  /**
   * Returns what `read` would, if the refs are in memory and the file has not changed, and otherwise undefined. Checks
   * the file once per poll of the event loop: every request that a poll found had arrived before the check.
   */
  inMemory(): Refs | undefined {
    const poll = currentPoll();
    if (poll === undefined || this.#lookedAt !== poll) {
      if (!this.#isUnchanged()) return undefined;
      this.#lookedAt = poll;
    }
    return this.#held?.refs;
  }

  #isUnchanged(): boolean {
    try {
      return this.#held !== undefined && this.#held.stamp === this.#stamp();
    } catch {
      // The caller now calls `read`, which throws the same error.
      return false;
    }
  }

  /**
   * Moves all refs or none, durably. The new objects must exist, or be `coming`. Throws `ref_conflict`, `not_written` if the
   * refs have not moved because of another failure, and `fenced` if this process did not run for a while and another
   * process has taken over its changes.
   */
  async update(updates: readonly RefUpdate[], coming?: Coming): Promise<void> {
    if (updates.length === 0) return;
    const peeled = new Map<Oid, Oid | undefined>(coming?.peeled);
    for (const { to } of updates) {
      if (to !== null && !peeled.has(to)) peeled.set(to, await this.#peel(to));
    }
    await this.#alone(async (claim) => {
      this.#verify();
      await this.#write(
        claim,
        applyUpdates(await this.#packed(), updates, (oid) => peeled.get(oid)),
        coming?.written,
      );
    });
  }

  /** Moves loose refs into `packed-refs`. Only other programs write loose refs. */
  async fold(): Promise<void> {
    await this.#alone(async () => undefined);
  }

  /** Runs `work` under the lock, when there are no loose refs. `work` may write once, because this releases the lock. */
  #alone(work: (claim: Claim) => Promise<void>): Promise<void> {
    const lock = `${this.#file}.lock`;
    const turn = this.#queue.then(async () => {
      let isFolded = false;
      while (!isFolded) {
        const under = async (claim: Claim) => {
          isFolded = !(await this.#fold(claim));
          if (isFolded) await work(claim);
        };
        await withLock(this.#leases, lock, under, { drafts: this.#leases.workshop });
      }
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #load(stamp: string): Promise<Refs> {
    const refs = sorted(new Map([...(await this.#packed()), ...(await this.#loose())]));
    return this.#hold(refs, stamp);
  }

  #hold(refs: Refs, stamp: string): Refs {
    this.#held = { refs, stamp };
    this.#lookedAt = undefined;
    return refs;
  }

  #stamp(): string {
    return stampOf(this.#file);
  }

  async #packed(): Promise<Refs> {
    try {
      return parsePackedRefs(await readFile(this.#file, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // Every repository gets the file when it is created. If the file is missing, the refs of the repository are lost.
      throw new RepositoryError('damaged', `${this.#file} is missing`, { cause: error });
    }
  }

  /** Reads the loose refs, which take precedence over packed refs (git-pack-refs(1)). Ignores symbolic refs. */
  async #loose(): Promise<Refs> {
    const refs = new Map<string, Ref>();
    const entries = await readdir(join(this.#path, 'refs'), {
      recursive: true,
      withFileTypes: true,
    });
    for (const entry of entries.filter((entry) => entry.isFile())) {
      const text = (await readFile(join(entry.parentPath, entry.name), 'latin1')).trim();
      if (!/^[0-9a-f]{40}$/.test(text) || entry.name.endsWith('.lock')) continue;
      const peeled = await this.#peel(text);
      refs.set(this.#nameOf(entry), peeled === undefined ? { oid: text } : { oid: text, peeled });
    }
    return refs;
  }

  #nameOf(entry: Dirent): string {
    return join(entry.parentPath, entry.name).slice(this.#path.length + 1);
  }

  /**
   * Writes `packed-refs` before it removes the loose refs, so a crash in between loses no ref. Returns whether there were
   * loose refs.
   */
  async #fold(claim: Claim): Promise<boolean> {
    const loose = await this.#loose();
    if (loose.size === 0) return false;
    await this.#write(claim, sorted(new Map([...(await this.#packed()), ...loose])));
    // The lock is released. A ref that another program has moved meanwhile stays.
    const now = await this.#loose();
    for (const [name, { oid }] of loose) {
      if (now.get(name)?.oid === oid) await rm(join(this.#path, name), { force: true });
    }
    return true;
  }

  async #write(claim: Claim, refs: Refs, ready?: Promise<unknown>): Promise<void> {
    await Promise.all([claim.write(formatPackedRefs(refs)), ready]).catch((cause: Error) => {
      if (cause instanceof RepositoryError) throw cause;
      const message = `${this.#file} was not replaced: ${cause.message}`;
      throw new RepositoryError('not_written', message, { cause });
    });
    // Read before the commit, which releases the lock: afterwards another process may have moved the refs.
    const stamp = stampOf(claim.path);
    await claim.commit(this.#file);
    this.#hold(refs, stamp);
    await sync(this.#path);
  }
}

/** Identifies a state of the file. Every change renames a new file into place, which has another inode and time. */
function stampOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? 'absent' : `${stat.ino}-${stat.mtimeNs}-${stat.size}`;
}

/**
 * Returns a number that changes whenever the event loop polls for input, which it does at least once per turn. Returns
 * undefined if this version of Node.js does not count polls.
 */
function currentPoll(): number | undefined {
  const counted = performance.nodeTiming.uvMetricsInfo as
    | { loopCount: number; events: number }
    | undefined;
  // `loopCount` grows before the first poll of a turn, `events` after each poll that found input.
  return counted && counted.loopCount + counted.events;
}
