/** Records when tokens were last used, at most once a minute for each. The uses of a second are one statement. */
import { touchComputers } from '../../store/computers.ts';
import type { Store } from '../../store/open.ts';
import { touchTokens } from '../../store/tokens.ts';
import type { TokenUse } from './identify.ts';

/** In milliseconds. */
const RECORDED_EVERY = 60_000;
const TOGETHER = 1000;

export class LastUse {
  readonly #store: Store;
  readonly #onError: (error: unknown) => void;
  readonly #waiting = { token: new Set<number>(), computer: new Set<number>() };
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `onError` is called when the database cannot be written; those uses are not recorded. */
  constructor(store: Store, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** Records a use soon, and in `use` that it did. */
  record(use: TokenUse): void {
    const now = Date.now();
    if (use.usedAt !== null && now - use.usedAt.getTime() < RECORDED_EVERY) return;
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
