/** Notifications about other transactions' commits: PostgreSQL's LISTEN, on both databases. */
import { setTimeout as pause } from 'node:timers/promises';

/** Stops listening. */
export type StopListening = () => Promise<void>;

/**
 * Called with the text of a notice after the commit that sent it, and with the empty text when notices may have been
 * lost.
 */
export type Wake = (text: string) => void;

export type Listen = (channel: string, wake: Wake) => Promise<StopListening>;

/** The part of pg's pool and clients that is used here. */
interface Pool {
  connect(): Promise<Client>;
}
interface Client {
  query(sql: string): Promise<unknown>;
  on(event: 'notification', listener: (notice: Notice) => void): unknown;
  on(event: 'error' | 'end', listener: () => void): unknown;
  off(event: 'notification', listener: (notice: Notice) => void): unknown;
  release(destroy: boolean): void;
}

interface Notice {
  channel: string;
  payload?: string;
}

/** Delay before reconnecting, in milliseconds. */
const AGAIN = 1000;

/**
 * Listens on a separate connection. After a lost connection it reconnects and calls `wake`, because
 * notifications were lost meanwhile. Rejects if the first attempt fails.
 */
export async function listenOnServer(
  pool: Pool,
  channel: string,
  wake: Wake,
): Promise<StopListening> {
  const stopped = new AbortController();
  let letGo = () => {};

  async function connect(): Promise<void> {
    const client = await pool.connect();
    let isOurs = true;
    const release = () => {
      if (isOurs) client.release(true);
      isOurs = false;
    };
    const lost = () => {
      if (!isOurs) return;
      release();
      void connectAgain();
    };
    client.on('notification', ({ payload = '' }) => wake(payload));
    client.on('error', lost);
    client.on('end', lost);
    try {
      await client.query(`listen ${channel}`);
    } catch (error) {
      release();
      throw error;
    }
    letGo = release;
    if (stopped.signal.aborted) release();
  }

  async function connectAgain(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await pause(AGAIN, undefined, { signal: stopped.signal, ref: false });
        await connect();
        return wake('');
      } catch {
        // The database is still unavailable, which every other use of it reports.
      }
    }
  }

  await connect();
  return async () => {
    stopped.abort();
    letGo();
  };
}

/**
 * Listens on the embedded database's only connection: notifications arrive between the answers to other
 * queries.
 */
export async function listenInPassing(
  pool: Pool,
  channel: string,
  wake: Wake,
): Promise<StopListening> {
  const client = await pool.connect();
  const heard = (notice: Notice) => {
    if (notice.channel === channel) wake(notice.payload ?? '');
  };
  try {
    await client.query(`listen ${channel}`);
    client.on('notification', heard);
  } finally {
    client.release(false);
  }
  return async () => void client.off('notification', heard);
}
