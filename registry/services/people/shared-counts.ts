/**
 * Tells the counts of failed sign-ins to the other processes of the registry, so that a guesser has no more tries if there
 * are more processes. A right password without failures before it costs nothing. A process that starts hears only what is
 * counted from then on.
 */
import { randomUUID } from 'node:crypto';
import { Coalesced } from '../../store/coalesced.ts';
import { notify, type StopListening } from '../../store/notices.ts';
import type { Store } from '../../store/open.ts';

const CHANNEL = 'failed_sign_ins';
/** How many changes one notice contains. A flood of failures drops the oldest. */
const MOST = 150;

export class SharedCounts {
  readonly #store: Store;
  readonly #id = randomUUID();
  readonly #sending: Coalesced;
  #waiting: string[] = [];
  #stop: StopListening | undefined;

  /** `onError` gets errors of background work, for which no caller waits. */
  constructor(store: Store, onError: (error: unknown) => void) {
    this.#store = store;
    this.#sending = new Coalesced(() => this.#send().catch(onError));
  }

  /** Sends a change soon. There is at most one statement at a time, however many changes there are. */
  tell(news: string): void {
    // The embedded database has only this process.
    if (this.#store.embedded) return;
    this.#waiting = [...this.#waiting, news].slice(-MOST);
    void this.#sending.run();
  }

  /** Calls `hear` with each change that another process tells. Throws `database_unavailable`. */
  async listen(hear: (news: string) => void): Promise<void> {
    if (this.#store.embedded) return;
    this.#stop = await this.#store.listen(CHANNEL, (text) => {
      const [from, ...changes] = text.split('\n');
      if (from !== this.#id) for (const news of changes) hear(news);
    });
  }

  async close(): Promise<void> {
    await this.#stop?.();
    await this.#sending.settled();
  }

  async #send(): Promise<void> {
    const changes = this.#waiting;
    this.#waiting = [];
    if (changes.length > 0)
      await notify(this.#store.em(), CHANNEL, [this.#id, ...changes].join('\n'));
  }
}
