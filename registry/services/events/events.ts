/**
 * Sends the event stream. The registry reads the audit trail once for all readers, and sends each reader the events
 * that it may see. Changes of rights are entries of the audit trail too. So a removed member gets no event that
 * happened after the removal.
 */
import type { Writable } from 'node:stream';
import type { Rules } from '../../access/decide.ts';
import { Problem } from '../../errors.ts';
import { auditChannel, auditSince, newestAuditId } from '../../store/audit.ts';
import { Coalesced } from '../../store/coalesced.ts';
import type { StopListening } from '../../store/notices.ts';
import type { Store } from '../../store/open.ts';
import { type RightsOf, rightsTouchedBy } from '../audit/rights.ts';
import type { Identity } from '../people/identify.ts';
import { frame } from './kinds.ts';
import { Reader } from './reader.ts';
import { type RenderedEvent, renderEvents } from './render.ts';

/** How many entries of the audit trail one query reads. */
const PAGE = 500;
/** The most missed entries that are sent. A reader that missed more must load its data again, which is less work. */
export const MOST_MISSED = 1000;
/**
 * The time between two heartbeats, in milliseconds. Some proxies close connections that are silent for a minute.
 */
const HEARTBEAT = 15_000;
/**
 * How long a browser waits before it reconnects after the end of a stream, in milliseconds. A random part prevents all
 * browsers from reconnecting at the same time.
 */
const RETRY_LEAST = 1000;
const RETRY_SPREAD = 4000;

export interface EventDeps {
  store: Store;
  rules: Rules;
  /** Receives errors of background work, which no request waits for. */
  onError: (error: unknown) => void;
  heartbeat?: number;
  /** How long a reader may pause while it receives missed events, in milliseconds. */
  patience?: number;
}

export interface Asking {
  /** The response that the events are written to. The response is closed when the reader disconnects. */
  out: Writable;
  /** Identifies the reader again. Returns null if the session or token has ended. */
  identify: () => Promise<Identity | null>;
  /** `Last-Event-ID` of a reader that reconnects. */
  lastId: string | undefined;
}

export class Events {
  readonly #deps: EventDeps;
  readonly #readers = new Set<Reader>();
  readonly #news = new Coalesced(() =>
    this.#sendNews().catch((error) => this.#deps.onError(error)),
  );
  /** The number of readers, including readers whose stream is being opened. */
  #present = 0;
  /** The id of the newest entry that was sent to all readers. */
  #last = 0;
  #begun: Promise<void> | undefined;
  #stop: StopListening | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /**
   * Missed events that are being read. After a restart most readers have missed the same events, so these readers share
   * one read.
   */
  readonly #missed = new Map<string, Promise<RenderedEvent[]>>();

  constructor(deps: EventDeps) {
    this.#deps = deps;
  }

  /**
   * Starts to send events to `out`, beginning with the events that the reader has missed since `lastId`. Throws
   * `unauthenticated` or `unavailable` before anything is written.
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
    // The reader may have disconnected while the missed events were sent.
    if (out.closed) leave();
    else out.once('close', leave);
  }

  /** How many streams are open. */
  get streams(): number {
    return this.#present;
  }

  /** Ends every stream. Readers reconnect to another process, or to this one after its restart. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#stop?.();
    await this.#news.settled();
    for (const reader of this.#readers) reader.end();
  }

  /** Sends the missed events. The reader's rights are known up to the entry `known`. */
  async #catchUp(reader: Reader, known: number, lastId: string | undefined): Promise<void> {
    let at = await this.#startOf(lastId);
    reader.send(`retry: ${Math.round(RETRY_LEAST + Math.random() * RETRY_SPREAD)}\n`);
    if (at === undefined) {
      at = this.#last;
      const reason = 'Some events that you missed are no longer available. Load the data again.';
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

  /** The id of the last entry that the reader has received. Undefined if the reader has missed too many entries. */
  async #startOf(lastId: string | undefined): Promise<number | undefined> {
    if (lastId === undefined) return this.#last;
    const at = /^\d{1,10}$/.test(lastId) ? Number(lastId) : Number.NaN;
    // Another process may have sent the reader an event that this process has not read yet.
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

  /** Starts to listen for new entries. If there were no readers before, only entries from now on are sent. */
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

  /**
   * Sends a heartbeat and looks for new entries, because the notice of an entry can be lost with a database connection.
   */
  #beat(): void {
    void this.#wake();
    const sign = frame(this.#last);
    for (const reader of this.#readers) if (reader.isLive) reader.send(sign);
  }

  async #wake(): Promise<void> {
    if (this.#present === 0 || this.#closed) return;
    await this.#news.run();
  }

  async #sendNews(): Promise<void> {
    let isMore = true;
    while (isMore) {
      const em = this.#deps.store.em();
      const entries = await auditSince(em, { after: this.#last, limit: PAGE });
      const events = new Map((await renderEvents(em, entries)).map((event) => [event.id, event]));
      for (const entry of entries) {
        if (entry.id <= this.#last) continue;
        await this.#followRights(rightsTouchedBy(entry));
        const event = events.get(entry.id);
        if (event) for (const reader of this.#readers) if (reader.isLive) reader.offer(event);
        this.#last = entry.id;
      }
      isMore = entries.length === PAGE;
    }
  }

  async #followRights(whose: RightsOf): Promise<void> {
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
