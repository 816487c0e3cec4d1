/**
 * Takes the state of the registry at one moment: all refs, and a snapshot of the database. Changes wait only while the refs are
 * compared with those that were read before.
 */
import { setImmediate as breath, setTimeout as pause } from 'node:timers/promises';
import { RepositoryError } from '../../../repos/errors.ts';
import type { Hold, Refs, Repositories } from '../../../repos/types.ts';
import type { EntityManager } from '../../store/types.ts';
import type { LandingDeps } from '../deps.ts';
import { type RepairReport, repair } from '../repair/repair.ts';

/**
 * How long a hold waits for running changes, in milliseconds. Other changes wait meanwhile, so the hold gives up and is tried
 * again later.
 */
const PATIENCE_MS = 200;
/** The pause between two tries, in milliseconds. Changes that waited for the hold run in this time. */
const PAUSE_MS = 300;
/** How long to try, in milliseconds. */
const LONGEST_TRY_MS = 60_000;

/** How many repositories are compared without a break. */
const IN_A_ROW = 500;

/** The refs of each repository, or the error if they cannot be read. */
export type RefsOfAll = ReadonlyMap<string, Refs | Error>;

/**
 * Calls `read` with the refs of all repositories and with a transaction that sees the database of the same moment. Throws
 * `RepositoryError` `locked` if changes of a repository go on too long.
 */
export async function atOneMoment<T>(
  deps: LandingDeps,
  signal: AbortSignal | undefined,
  read: (em: EntityManager, refs: Promise<RefsOfAll>) => Promise<T>,
): Promise<{ result: T; failed: RepairReport['failed'] }> {
  const { store, repositories } = deps;
  const reader = new RefReader(repositories, signal);
  const until = performance.now() + LONGEST_TRY_MS;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { failed } = await repair(deps);
      // Refs that are in memory and have not changed cost one `stat` during the hold.
      await reader.readAll();
      const hold = await tryHold(repositories, until);
      try {
        if (hold === undefined || (await hasAbandoned(repositories, failed))) continue;
        const result = await store.snapshot(async (em) => {
          // The first statement chooses the moment of the snapshot.
          await em.execute('select 1');
          const refs = reader.readAll().then(async (all) => {
            await hold.release();
            return all;
          });
          // The embedded database serves nobody else during a transaction, and works in a thread of its own meanwhile.
          if (!store.embedded) await refs;
          const [result] = await Promise.all([read(em, refs), refs]);
          return result;
        });
        return { result, failed };
      } finally {
        await hold?.release();
      }
    }
  } finally {
    reader.release();
  }
}

/** Undefined if the running changes did not end soon. Throws `locked` after `until`. */
async function tryHold(repositories: Repositories, until: number): Promise<Hold | undefined> {
  try {
    return await repositories.hold(PATIENCE_MS);
  } catch (error) {
    if (!(error instanceof RepositoryError) || error.code !== 'locked') throw error;
    if (performance.now() > until) throw error;
    await pause(PAUSE_MS);
  }
}

/** Whether a process died in the middle of a change after the repair. */
async function hasAbandoned(
  repositories: Repositories,
  failed: RepairReport['failed'],
): Promise<boolean> {
  const known = new Set(failed.map(({ name }) => name));
  return (await repositories.abandonedEntries()).some((name) => !known.has(name));
}

/** Reads the refs of all repositories repeatedly. The repositories keep their refs in memory until `release`. */
class RefReader {
  readonly #repositories: Repositories;
  readonly #signal: AbortSignal | undefined;
  readonly #opened = new Set<string>();

  constructor(repositories: Repositories, signal?: AbortSignal) {
    this.#repositories = repositories;
    this.#signal = signal;
  }

  async readAll(): Promise<RefsOfAll> {
    const all = new Map<string, Refs | Error>();
    for (const name of await this.#repositories.list()) {
      this.#signal?.throwIfAborted();
      all.set(name, this.#repositories.opened(name)?.refsInMemory() ?? (await this.#read(name)));
      // Other requests continue meanwhile.
      if (all.size % IN_A_ROW === 0) await breath();
    }
    return all;
  }

  async #read(name: string): Promise<Refs | Error> {
    if (this.#repositories.opened(name) === undefined) this.#opened.add(name);
    try {
      return await (await this.#repositories.open(name)).refs();
    } catch (error) {
      return error as Error;
    }
  }

  /** Frees the memory of the repositories that were not in use before. */
  release(): void {
    for (const name of this.#opened) this.#repositories.release(name);
  }
}
