/** Sends events to one reader, checks what the reader may see, and limits how much is buffered for the reader. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { decide, type Rules } from '../../access/decide.ts';
import type { Identity } from '../people/identify.ts';
import type { RenderedEvent } from './render.ts';

/**
 * The most bytes that are buffered for a slow reader. A reader with more is disconnected, and can reconnect and resume.
 */
export const MOST_WAITING = 256 * 1024;
/** How long a reader may pause while it receives missed events, in milliseconds. */
const PATIENCE = 60_000;
/** How long the last bytes of a stream may take to be sent, in milliseconds. */
const GOODBYE = 1000;

export class Reader {
  readonly #out: Writable;
  readonly #identify: () => Promise<Identity | null>;
  readonly #rules: Rules;
  readonly #patience: number;
  #identity: Identity | null = null;
  /** Whether the reader has received all missed events, so that new events can be sent. */
  isLive = false;

  /** `identify` identifies the reader again, and returns null if the session or token has ended. */
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

  /** Whether the reader is this person or computer. */
  isReadBy({ kind, id }: { kind: 'user' | 'computer'; id: number | null }): boolean {
    const actor = this.#identity?.actor;
    return actor?.kind === kind && actor.id === id;
  }

  /**
   * Identifies the reader again, and returns whether it may still read. A reader that may no longer read, or cannot be
   * identified, gets no more events.
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

  /** Sends events as fast as the reader reads them. A reader that pauses for too long is disconnected. */
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

  /** Sends a frame. Ends the stream if the session or token has ended, and disconnects a reader that is too slow. */
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
