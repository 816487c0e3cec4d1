/** Records when each token was last used, at most once a minute. All uses within a second are written together. */
import { touchComputers } from '../../store/computers.ts';
import type { Store } from '../../store/open.ts';
import { touchTokens } from '../../store/tokens.ts';
import type { TokenUse } from './identify.ts';

/**
 * How often the use of one token is recorded, and how long uses are collected before they are written, in milliseconds.
 */
const RECORDED_EVERY = 60_000;
const TOGETHER = 1000;

export class LastUse {
  readonly #store: Store;
  readonly #onError: (error: unknown) => void;
  readonly #waiting = { token: new Set<number>(), computer: new Set<number>() };
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `onError` receives the error if the database cannot be written. Uses that cannot be written are lost. */
  constructor(store: Store, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** Queues the use of a token, and updates `use.usedAt` at once. */
  record(use: TokenUse): void {
    const now = Date.now();
    const since = now - (use.usedAt?.getTime() ?? 0);
    // A use in the future was recorded before somebody set the clock back.
    if (since >= 0 && since < RECORDED_EVERY) return;
    use.usedAt = new Date(now);
    this.#waiting[use.of].add(use.id);
    this.#timer ??= setTimeout(() => this.#write(), TOGETHER).unref();
  }

  async close(): Promise<void> {
    this.#write();
    await this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const tokens = take(this.#waiting.token);
    const computers = take(this.#waiting.computer);
    this.#writing = this.#writing
      .then(async () => {
        if (tokens.length > 0) await touchTokens(this.#store.em(), tokens);
        if (computers.length > 0) await touchComputers(this.#store.em(), computers);
      })
      .catch(this.#onError);
  }
}

function take(ids: Set<number>): number[] {
  const all = [...ids];
  ids.clear();
  return all;
}
