/** One reader of the event stream: what it may see, and how much may be buffered for it. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { decide, type Rules } from '../../access/decide.ts';
import type { Identity } from '../people/identify.ts';
import type { RenderedEvent } from './render.ts';

/** Bytes that may wait for a reader before it is dropped: it resumes with what it missed. */
export const MOST_WAITING = 256 * 1024;
/** How long a reader may leave missed events unread, in milliseconds. */
const PATIENCE = 60_000;
/** How long the end of a stream may take to be sent, in milliseconds. */
const GOODBYE = 1000;

export class Reader {
  readonly #out: Writable;
  readonly #identify: () => Promise<Identity | null>;
  readonly #rules: Rules;
  readonly #patience: number;
  #identity: Identity | null = null;
  /** Whether it has received everything it missed, so new events can be sent. */
  isLive = false;

  /** `identify` identifies the reader again; null once the session or token has ended. */
  constructor(
    out: Writable,
    identify: () => Promise<Identity | null>,
    { rules, patience = PATIENCE }: { rules: Rules; patience?: number },
  ) {
    this.#out = out;
    this.#identify = identify;
    this.#rules = rules;
    this.#patience = patience;
  }

  /** Whether this person or computer is the reader. */
  isReadBy({ kind, id }: { kind: 'user' | 'computer'; id: number | null }): boolean {
    const actor = this.#identity?.actor;
    return actor?.kind === kind && actor.id === id;
  }

  /**
   * Identifies the reader again. A reader that may no longer read, or cannot be identified, gets nothing
   * more. Returns whether it may read.
   */
  async identify(): Promise<boolean> {
    const identity = await this.#identify().catch(() => null);
    const may =
      identity && decide(identity.actor, { on: 'events', do: 'read' }, this.#rules).allowed;
    this.#identity = may ? identity : null;
    return may === true;
  }

  /** Sends the event if the reader may see it. */
  offer({ frame, needs }: RenderedEvent): void {
    if (this.#identity && decide(this.#identity.actor, needs, this.#rules).allowed) {
      this.send(frame);
    }
  }

  /** Sends the events as fast as they are read; a reader that reads nothing for too long is dropped. */
  async offerAll(events: readonly RenderedEvent[]): Promise<void> {
    for (const event of events) {
      this.offer(event);
      if (!this.#out.writableNeedDrain || this.#isGone) continue;
      const late = setTimeout(() => this.#out.destroy(), this.#patience);
      const either = new AbortController();
      const waitFor = (what: string) => once(this.#out, what, { signal: either.signal });
      await Promise.race([waitFor('drain'), waitFor('close')]);
      either.abort();
      clearTimeout(late);
    }
  }

  /** Sends nothing after the end of a session or token, nor to a reader that does not keep up. */
  send(frame: Buffer | string): void {
    if (this.#isGone) return;
    const expires = this.#identity?.expires ?? null;
    if (this.#identity === null || (expires !== null && expires <= new Date())) this.end();
    else this.#out.write(frame);
    if (this.isLive && this.#out.writableLength > MOST_WAITING) this.#out.destroy();
  }

  get #isGone(): boolean {
    return this.#out.destroyed || this.#out.writableEnded;
  }

  end(): void {
    if (this.#isGone) return;
    this.#out.end();
    const gone = setTimeout(() => this.#out.destroy(), GOODBYE);
    this.#out.once('close', () => clearTimeout(gone));
  }
}
