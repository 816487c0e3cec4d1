/** The refs of one repository, all of them in its `packed-refs` (docs/decisions/0001). */
import { type Dirent, statSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { replaceFile } from './durable.ts';
import { withLock } from './lock.ts';
import { applyUpdates, formatPackedRefs, parsePackedRefs, sorted } from './packed-refs.ts';
import type { Oid, Ref, Refs, RefUpdate } from './types.ts';

export type Peel = (oid: Oid) => Promise<Oid | undefined>;

export class RefStore {
  readonly #path: string;
  readonly #file: string;
  readonly #peel: Peel;
  #held: { refs: Refs; stamp: string } | undefined;
  /** When the file was last found unchanged, as `currentPoll` counts. */
  #lookedAt: number | undefined;
  #loading: { stamp: string; refs: Promise<Refs> } | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(path: string, peel: Peel) {
    this.#path = path;
    this.#file = join(path, 'packed-refs');
    this.#peel = peel;
  }

  /**
   * Costs one stat if nothing changed, and sees changes by other processes. Returns the same map until a ref changes,
   * so results derived from the refs can be cached by this map.
   */
  async read(): Promise<Refs> {
    const stamp = this.#stamp();
    if (this.#held?.stamp === stamp) return this.#held.refs;
    // One that began with another stamp may have read the file before it changed.
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
   * What `read` gives, if that is in memory and nothing changed; otherwise undefined. The file is looked at once for all
   * requests that one poll of the event loop found, because all of them had arrived before it.
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
      // `read` meets the same error and throws it.
      return false;
    }
  }

  /** Moves all refs or none, durably. Every object that a ref moves to must exist. */
  async update(updates: readonly RefUpdate[]): Promise<void> {
    if (updates.length === 0) return;
    const peeled = new Map<Oid, Oid | undefined>();
    for (const { to } of updates) if (to !== null) peeled.set(to, await this.#peel(to));
    await this.#alone(async () => {
      const refs = await this.#fold();
      await this.#write(applyUpdates(refs, updates, (oid) => peeled.get(oid)));
    });
  }

  /** Moves loose refs, which only other programs write, into `packed-refs`. */
  async fold(): Promise<void> {
    await this.#alone(() => this.#fold());
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(() => withLock(`${this.#file}.lock`, work));
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

  /** A rename gives a new inode and time, so a changed file never keeps its stamp. */
  #stamp(): string {
    const stat = statSync(this.#file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? 'absent' : `${stat.ino}-${stat.mtimeNs}-${stat.size}`;
  }

  async #packed(): Promise<Refs> {
    try {
      return parsePackedRefs(await readFile(this.#file, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
      throw error;
    }
  }

  /** A loose ref wins over a packed one (git-pack-refs(1)); symbolic refs are ignored. */
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

  /** Writes `packed-refs` before it removes the loose refs, so that a crash in between leaves both. */
  async #fold(): Promise<Refs> {
    const packed = await this.#packed();
    const loose = await this.#loose();
    if (loose.size === 0) return packed;
    const refs = sorted(new Map([...packed, ...loose]));
    await this.#write(refs);
    for (const name of loose.keys()) await rm(join(this.#path, name));
    return refs;
  }

  async #write(refs: Refs): Promise<void> {
    await replaceFile(this.#file, `${this.#file}.next`, formatPackedRefs(refs));
    this.#hold(refs, this.#stamp());
  }
}

/**
 * A number that is the same until the event loop polls again. A turn of the loop polls several times while very many
 * connections are ready. Undefined in versions of Node.js that do not count.
 */
function currentPoll(): number | undefined {
  const counted = performance.nodeTiming.uvMetricsInfo as
    | { loopCount: number; events: number }
    | undefined;
  // `loopCount` grows before the first poll of a turn, `events` after each.
  return counted && counted.loopCount + counted.events;
}
