/**
 * The stream of events: read from the audit trail once, however many read the stream, and told to each what they may
 * see. Rights are followed too, for they leave entries in the same trail: an event behind the entry of a removed
 * member is not told to them any more.
 */
import type { Writable } from 'node:stream';
import type { Rules } from '../../access/decide.ts';
import { Problem } from '../../errors.ts';
import { auditChannel, auditSince, newestAuditId } from '../../store/audit.ts';
import type { StopListening } from '../../store/notices.ts';
import type { Store } from '../../store/open.ts';
import type { Identity } from '../people/identify.ts';
import { frame, rightsTouchedBy } from './kinds.ts';
import { Reader } from './reader.ts';
import { type RenderedEvent, renderEvents } from './render.ts';

/** Entries of the trail that one statement reads. */
const PAGE = 500;
/** Whoever missed more entries than this reads anew what they show: it is less, for them and for the registry. */
export const MOST_MISSED = 1000;
/** Between two signs of life, in milliseconds; proxies are known to cut what is silent for a minute. */
const HEARTBEAT = 15_000;
/** When a browser comes back after a stream has ended, in milliseconds: not all at once. */
const RETRY_LEAST = 1000;
const RETRY_SPREAD = 4000;

export interface EventDeps {
  store: Store;
  rules: Rules;
  /** Told of what went wrong while nobody waits for an answer. */
  onError: (error: unknown) => void;
  heartbeat?: number;
  /** How long a reader may take nothing of what it missed, in milliseconds. */
  patience?: number;
}

export interface Asking {
  /** Where the events go; closed when the reader is gone. */
  out: Writable;
  /** Asks anew who is reading: null once that is nobody any more. */
  identify: () => Promise<Identity | null>;
  /** `Last-Event-ID` of a reader that comes back. */
  lastId: string | undefined;
}

export class Events {
  readonly #deps: EventDeps;
  readonly #readers = new Set<Reader>();
  /** Readers and those who are about to be. */
  #present = 0;
  /** The newest entry that every reader was told of. */
  #last = 0;
  #begun: Promise<void> | undefined;
  #stop: StopListening | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #news = false;
  #draining: Promise<void> | undefined;
  /** Readers that come back after a restart have mostly missed the same. */
  readonly #missed = new Map<string, Promise<RenderedEvent[]>>();

  constructor(deps: EventDeps) {
    this.#deps = deps;
  }

  /**
   * Begins to tell `out`, first what was missed since `lastId`. Throws `unauthenticated`, `unavailable`; nothing was
   * written then.
   */
  async open({ out, identify, lastId }: Asking): Promise<void> {
    if (this.#closed) throw new Problem('unavailable', 'The registry is stopping.');
    this.#present++;
    const reader = new Reader(out, identify, this.#deps);
    const leave = () => {
      this.#readers.delete(reader);
      if (--this.#present === 0) this.#begun = undefined;
    };
    try {
      await this.#begin();
      const known = this.#last;
      if (!(await reader.identify())) throw new Problem('unauthenticated', 'Sign in first.');
      this.#readers.add(reader);
      await this.#catchUp(reader, known, lastId);
    } catch (error) {
      leave();
      throw error;
    }
    // Told at once where it is closed already.
    if (out.closed) leave();
    else out.once('close', leave);
  }

  /** Ends every stream; readers come back to another process, or to this one when it is there again. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#stop?.();
    await this.#draining;
    for (const reader of this.#readers) reader.end();
  }

  /** Tells what was missed. `known` is the entry up to which the reader's rights are known. */
  async #catchUp(reader: Reader, known: number, lastId: string | undefined): Promise<void> {
    let at = await this.#startOf(lastId);
    reader.send(`retry: ${Math.round(RETRY_LEAST + Math.random() * RETRY_SPREAD)}\n`);
    if (at === undefined) {
      at = this.#last;
      const reason = 'Events that you missed are no longer kept. Reload what you show.';
      reader.send(frame(at, 'reset', { reason }));
    } else reader.send(frame(at));
    while (at < this.#last || known < this.#last) {
      const last = this.#last;
      if (known < last) await reader.identify();
      known = last;
      if (at < last) await reader.offerAll(await this.#between(at, last));
      at = last;
    }
    reader.isLive = true;
  }

  /** The entry that a reader has heard of last; undefined where what came after it is not told any more. */
  async #startOf(lastId: string | undefined): Promise<number | undefined> {
    if (lastId === undefined) return this.#last;
    const at = /^\d{1,10}$/.test(lastId) ? Number(lastId) : Number.NaN;
    // Another process may have told it of something that this one has yet to read.
    if (at > this.#last) await this.#wake();
    return at <= this.#last && this.#last - at <= MOST_MISSED ? at : undefined;
  }

  async #between(after: number, last: number): Promise<RenderedEvent[]> {
    const key = `${after}-${last}`;
    const em = this.#deps.store.em();
    const reading =
      this.#missed.get(key) ??
      auditSince(em, { after, last, limit: last - after })
        .then((entries) => renderEvents(em, entries))
        .finally(() => this.#missed.delete(key));
    this.#missed.set(key, reading);
    return await reading;
  }

  /** Listens, once, and goes on from the newest entry where nobody was reading before. */
  async #begin(): Promise<void> {
    this.#begun ??= (async () => {
      this.#stop ??= await this.#deps.store.listen(auditChannel, () => void this.#wake());
      this.#timer ??= setInterval(() => this.#beat(), this.#deps.heartbeat ?? HEARTBEAT).unref();
      this.#last = await newestAuditId(this.#deps.store.em());
    })();
    try {
      await this.#begun;
    } catch (error) {
      this.#begun = undefined;
      throw error;
    }
  }

  /** Looks for news too: a notice may be lost with its connection. */
  #beat(): void {
    void this.#wake();
    const sign = frame(this.#last);
    for (const reader of this.#readers) if (reader.isLive) reader.send(sign);
  }

  async #wake(): Promise<void> {
    if (this.#present === 0 || this.#closed) return;
    this.#news = true;
    this.#draining ??= this.#drain()
      .catch(this.#deps.onError)
      .finally(() => {
        this.#draining = undefined;
      });
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#news) {
      this.#news = false;
      const em = this.#deps.store.em();
      const entries = await auditSince(em, { after: this.#last, limit: PAGE });
      const told = new Map((await renderEvents(em, entries)).map((event) => [event.id, event]));
      for (const entry of entries) {
        if (entry.id <= this.#last) continue;
        await this.#followRights(rightsTouchedBy(entry));
        const event = told.get(entry.id);
        if (event) for (const reader of this.#readers) if (reader.isLive) reader.offer(event);
        this.#last = entry.id;
      }
      this.#news ||= entries.length === PAGE;
    }
  }

  async #followRights(whose: ReturnType<typeof rightsTouchedBy>): Promise<void> {
    if (whose === null) return;
    const touched = [...this.#readers].filter(
      (reader) => reader.isLive && (whose === 'everybody' || reader.isReadBy(whose)),
    );
    await Promise.all(
      touched.map(async (reader) => {
        if (!(await reader.identify())) reader.end();
      }),
    );
  }
}
