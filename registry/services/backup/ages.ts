/** Tells the time for automatic backups, also after somebody has set the clock of the machine. */

/** A clock that counts milliseconds. */
type Clock = () => number;

/**
 * The time in the name of a backup comes from a clock that may since have been set back: the backup is then in the future, and
 * would seem new for as long as the clock takes to catch up. So a backup is also as old as this process has seen it.
 */
export class Ages {
  readonly #wall: Clock;
  readonly #steady: Clock;
  #seen: { path: string; since: number } | undefined;

  constructor(wall: Clock = Date.now, steady: Clock = () => performance.now()) {
    this.#wall = wall;
    this.#steady = steady;
  }

  /** How old the newest backup is, in milliseconds. `at` is the time in its name. */
  of(path: string, at: Date): number {
    if (this.#seen?.path !== path) this.#seen = { path, since: this.#steady() };
    return Math.max(this.#wall() - at.getTime(), this.#steady() - this.#seen.since);
  }

  /** The time for the name of the next backup: the names stay in the order in which the backups are made. */
  next(newest: Date | undefined): Date {
    return new Date(Math.max(this.#wall(), (newest?.getTime() ?? 0) + SECOND));
  }
}

/** The names tell seconds. */
const SECOND = 1000;
