/**
 * Lets processes cache data of the database without ever using outdated data (docs/decisions/0036-rights-in-memory.md).
 * When a request that changes something is answered, no process uses the old data any more.
 *
 * Every change of rights adds an entry to the audit trail, and every change of a computer's list changes a stamp.
 * Entries and changes of stamps are numbered in one order (stamp-changes.ts). A process that caches data is a follower:
 * it has a lease, which is a row of `followers`, and applies each change to its caches. A process that commits a change
 * waits, before it answers, until each follower has applied the change or has lost its lease. A follower without a
 * lease must not use its caches. The follower and the waiting process each measure the lease with their own clock, and
 * never compare times of different clocks.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type AuditNews, auditChannel, auditSince, UNAUDITED } from './audit.ts';
import { Coalesced } from './coalesced.ts';
import type { Listen, StopListening } from './notices.ts';
import { changesAfter, NEWEST_CHANGE, type StampName } from './stamp-changes.ts';
import type { EntityManager } from './types.ts';

/** Called with changes. The callee drops cached data that depends on these entries or stamps, or everything. */
export type Apply = (
  entries: readonly AuditNews[] | 'everything',
  stamps: readonly StampName[],
) => void;

export interface Following {
  /** Whether cached data may be used, and data that is read now may be cached. */
  readonly isCurrent: boolean;
  close(): Promise<void>;
}

/** A follower in the process whose transactions are committed. */
export interface LocalFollower extends Following {
  readonly id: number;
  /** Applies the changes of a transaction that this process has just committed. */
  committed(entries: readonly AuditNews[], stamps: readonly StampName[]): void;
}

/** The length of a lease in milliseconds. A killed process delays the next change by at most this time. */
const LEASE = 3000;
const RENEW = 1000;
const NO_LEASE = { steady: 0, wall: 0 };
/** How many audit entries one statement reads. */
const PAGE = 500;

interface Database {
  em: () => EntityManager;
  listen: Listen;
  /** Called with errors of background work, for which no caller waits. */
  onError: (error: unknown) => void;
}

export class Follower implements LocalFollower {
  readonly #database: Database;
  readonly #apply: Apply;
  /** The number of the newest change that was applied. */
  #seen = 0;
  #id = 0;
  /** The end of the lease by two clocks. The steady clock may stop while the machine sleeps; the wall clock may be set. */
  #until = NO_LEASE;
  #stop: StopListening | undefined;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;
  readonly #catchUp = new Coalesced(() => this.#applyNews().catch((error) => this.#giveUp(error)));

  private constructor(database: Database, apply: Apply) {
    this.#database = database;
    this.#apply = apply;
  }

  /** Throws `database_unavailable`. */
  static async start(database: Database, apply: Apply): Promise<Follower> {
    const follower = new Follower(database, apply);
    follower.#stop = await database.listen(auditChannel, (text) => follower.#hear(text));
    try {
      await follower.#register();
    } catch (error) {
      await follower.#stop();
      throw error;
    }
    follower.#timer = setInterval(() => void follower.#renew(), RENEW).unref();
    return follower;
  }

  #hear(text: string): void {
    // An empty text means that notices were lost with the connection, perhaps those of changes without an audit entry.
    if (text === UNAUDITED || text === '') this.#apply('everything', []);
    if (text !== UNAUDITED && (text === '' || !(Number(text) <= this.#seen)))
      void this.#catchUp.run();
  }

  get id(): number {
    return this.#id;
  }

  get isCurrent(): boolean {
    return performance.now() < this.#until.steady && Date.now() < this.#until.wall;
  }

  committed(entries: readonly AuditNews[], stamps: readonly StampName[]): void {
    this.#apply(entries, stamps);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#until = NO_LEASE;
    await this.#stop?.();
    await Promise.all([this.#renewing, this.#catchUp.settled()]);
    // If the database cannot be reached, the lease ends by itself.
    await this.#execute('delete from followers where id = ?', [this.#id]).catch(
      this.#database.onError,
    );
  }

  /** Begins a lease and empties the caches, so that earlier changes need not be applied. */
  async #register(): Promise<void> {
    const asked = now();
    const [row] = await this.#execute<{ id: number; reached: number }>(
      `with ended as (delete from followers where id = ?)
       insert into followers (reached, renewed) select ${NEWEST_CHANGE}, 0 returning id, reached`,
      [this.#id],
    );
    if (!row) throw new Error('a row that was just inserted was not returned');
    this.#id = row.id;
    this.#seen = row.reached;
    this.#apply('everything', []);
    this.#until = leaseFrom(asked);
  }

  /**
   * Extends the lease. A lease that has ended cannot be extended, because changes no longer waited for it; a new lease
   * begins instead. Also reads the number of the newest change, in case its notice was lost.
   */
  async #renew(): Promise<void> {
    this.#renewing ??= (async () => {
      const asked = now();
      const [row] = await this.#execute<{ newest: number }>(
        `update followers set renewed = renewed + 1, reached = greatest(reached, ?) where id = ?
         returning ${NEWEST_CHANGE} as newest`,
        [this.#seen, this.#id],
      );
      if (!row || !this.isCurrent) return await this.#register();
      this.#until = leaseFrom(asked);
      if (row.newest > this.#seen) await this.#catchUp.run();
    })()
      .catch(this.#database.onError)
      .finally(() => {
        this.#renewing = undefined;
      });
    await this.#renewing;
  }

  async #applyNews(): Promise<void> {
    let isMore = true;
    while (isMore) {
      const after = this.#seen;
      const { newest, stamps } = await changesAfter(this.#database.em(), after);
      if (newest <= after) return;
      const entries = await auditSince(this.#database.em(), { after, last: newest, limit: PAGE });
      this.#apply(entries, stamps);
      isMore = entries.length === PAGE;
      this.#seen = Math.max(this.#seen, isMore ? (entries.at(-1)?.id ?? newest) : newest);
      await this.#execute('update followers set reached = greatest(reached, ?) where id = ?', [
        this.#seen,
        this.#id,
      ]);
    }
  }

  /**
   * Ends the lease, because every change would wait for this failing follower. The next lease begins with empty caches.
   */
  #giveUp(error: unknown): void {
    this.#until = NO_LEASE;
    this.#database.onError(error);
  }

  async #execute<T = unknown>(sql: string, values: unknown[]): Promise<T[]> {
    return await this.#database.em().execute<T[]>(sql, values);
  }
}

const now = () => ({ steady: performance.now(), wall: Date.now() });

/**
 * The end of a lease, measured from the moment before the request to the database. So the follower considers the lease
 * ended before any process that waits for it does.
 */
const leaseFrom = ({ steady, wall }: ReturnType<typeof now>) => ({
  steady: steady + LEASE,
  wall: wall + LEASE,
});

/** The longest pause between two queries for the followers, in milliseconds. */
const LOOK_AGAIN = 32;

/**
 * Resolves when every follower except `own` has applied the change `last` or has lost its lease. Polls the database:
 * this usually takes a few milliseconds, and listening would cost every process another connection.
 *
 * The change is already committed. So if the database is lost meanwhile, the function only warns, and waits for the
 * length of a lease.
 */
export async function followersReach(
  em: EntityManager,
  last: number,
  own: readonly number[],
): Promise<void> {
  try {
    await waitForFollowers(em, last, own);
  } catch (error) {
    process.emitWarning(error as Error);
    // During this time every follower either receives the change or, if it cannot reach the database, loses its lease.
    await pause(LEASE);
  }
}

async function waitForFollowers(
  em: EntityManager,
  last: number,
  own: readonly number[],
): Promise<void> {
  const noticed = new Map<number, { renewed: number; at: number }>();
  for (let wait = 1; ; wait = Math.min(2 * wait, LOOK_AGAIN)) {
    const asked = performance.now();
    const behind = (await behindOf(em, last)).filter(({ id }) => !own.includes(id));
    let waitsFor = 0;
    for (const { id, renewed } of behind) {
      const before = noticed.get(id);
      if (before?.renewed !== renewed) noticed.set(id, { renewed, at: performance.now() });
      else if (asked - before.at > LEASE && (await endLease(em, id, renewed))) continue;
      waitsFor += 1;
    }
    if (waitsFor === 0) return;
    await pause(wait);
  }
}

const behindOf = (em: EntityManager, last: number) =>
  em.execute<{ id: number; renewed: number }[]>(
    'select id, renewed from followers where reached < ?',
    [last],
  );

/**
 * Ends a follower's lease. Returns false if the follower has renewed the lease meanwhile. A follower that still runs
 * then begins a new lease.
 */
async function endLease(em: EntityManager, id: number, renewed: number): Promise<boolean> {
  const ended = await em.execute<unknown[]>(
    'delete from followers where id = ? and renewed = ? returning id',
    [id, renewed],
  );
  return ended.length > 0;
}
