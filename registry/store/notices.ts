/** Listens for notifications that transactions send when they commit (PostgreSQL's LISTEN), on both databases. */
import { setTimeout as pause } from 'node:timers/promises';
import type { EntityManager } from './types.ts';

/** Stops listening. */
export type StopListening = () => Promise<void>;

/** Called with the text of each notice after its commit, and with an empty text when notices may have been lost. */
export type Wake = (text: string) => void;

export type Listen = (channel: string, wake: Wake) => Promise<StopListening>;

/** The methods of pg's pool and clients that are used here. */
interface Pool {
  connect(): Promise<Client>;
}
interface Client {
  query(sql: string): Promise<unknown>;
  on(event: 'notification', listener: (notice: Notice) => void): unknown;
  on(event: 'error' | 'end', listener: () => void): unknown;
  release(destroy: boolean): void;
}

interface Notice {
  channel: string;
  payload?: string;
}

/** How long to wait before connecting again, in milliseconds. */
const AGAIN = 1000;

/**
 * Listens to all channels on one connection. If the connection is lost, connects again and then calls every `wake` with an
 * empty text, because notices may have been lost.
 */
export class ServerNotices {
  readonly #pool: Pool;
  readonly #wakes = new Map<string, Set<Wake>>();
  readonly #stopped = new AbortController();
  #client: Client | undefined;
  #line: Promise<void> = Promise.resolve();
  #again: Promise<void> | undefined;
  #letGo = () => {};

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Rejects if it cannot connect the first time. */
  async listen(channel: string, wake: Wake): Promise<StopListening> {
    const wakes = this.#wakes.get(channel) ?? new Set();
    this.#wakes.set(channel, wakes.add(wake));
    try {
      await this.#follow([channel]);
    } catch (error) {
      wakes.delete(wake);
      throw error;
    }
    return async () => void wakes.delete(wake);
  }

  close(): void {
    this.#stopped.abort();
    this.#letGo();
  }

  /** One after the other, because pg deprecates two queries at once on one connection. */
  #follow(channels: Iterable<string>): Promise<void> {
    const work = this.#line.then(async () => {
      this.#client ??= this.#use(await this.#pool.connect());
      const client = this.#client;
      for (const channel of channels) await client.query(`listen ${channel}`);
    });
    this.#line = work.catch(() => undefined);
    return work;
  }

  #use(client: Client): Client {
    let isOurs = true;
    const lost = () => {
      if (!isOurs) return;
      isOurs = false;
      this.#client = undefined;
      client.release(true);
      if (!this.#stopped.signal.aborted) this.#again ??= this.#connectAgain();
    };
    client.on('notification', ({ channel, payload = '' }) => {
      for (const wake of this.#wakes.get(channel) ?? []) wake(payload);
    });
    client.on('error', lost);
    client.on('end', lost);
    this.#letGo = lost;
    if (this.#stopped.signal.aborted) lost();
    return client;
  }

  async #connectAgain(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        await pause(AGAIN, undefined, { signal: this.#stopped.signal, ref: false });
        await this.#follow(this.#wakes.keys());
        // The connection may have been lost again with the last answer.
        if (this.#client) break;
      } catch {
        // The database is still unavailable. The error is not reported here, because every other query reports it.
      }
    }
    this.#again = undefined;
    if (this.#stopped.signal.aborted) return;
    for (const wakes of this.#wakes.values()) for (const wake of wakes) wake('');
  }
}

/** Sends a notice to all processes that listen. The text has fewer than 8,000 bytes. */
export async function notify(em: EntityManager, channel: string, text: string): Promise<void> {
  await em.execute('select pg_notify(?, ?)', [channel, text]);
}

/**
 * Listens on the only connection of the embedded database. Notices arrive between the answers to other queries. If the
 * database had to be opened again, listens on the new connection and calls every `wake` with an empty text.
 */
export class PassingNotices {
  readonly #wakes = new Map<string, Set<Wake>>();

  /** Call it with each new connection before the connection is used. */
  async use(client: Pick<Client, 'query' | 'on'>): Promise<void> {
    client.on('notification', ({ channel, payload = '' }) => {
      for (const wake of this.#wakes.get(channel) ?? []) wake(payload);
    });
    for (const channel of this.#wakes.keys()) await client.query(`listen ${channel}`);
    for (const wakes of this.#wakes.values()) for (const wake of wakes) wake('');
  }

  async listen(pool: Pool, channel: string, wake: Wake): Promise<StopListening> {
    const client = await pool.connect();
    try {
      await client.query(`listen ${channel}`);
      const wakes = this.#wakes.get(channel) ?? new Set();
      this.#wakes.set(channel, wakes.add(wake));
      return async () => void wakes.delete(wake);
    } finally {
      client.release(false);
    }
  }
}
