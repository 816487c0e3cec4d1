/** Listens for notifications that transactions send when they commit (PostgreSQL's LISTEN), on both databases. */
import { setTimeout as pause } from 'node:timers/promises';

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
  off(event: 'notification', listener: (notice: Notice) => void): unknown;
  release(destroy: boolean): void;
}

interface Notice {
  channel: string;
  payload?: string;
}

/** How long to wait before connecting again, in milliseconds. */
const AGAIN = 1000;

/**
 * Listens on a connection of its own. If the connection is lost, connects again and then calls `wake` with an empty text,
 * because notices may have been lost. Rejects if it cannot connect the first time.
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
        // The database is still unavailable. The error is not reported here, because every other query reports it.
      }
    }
  }

  await connect();
  return async () => {
    stopped.abort();
    letGo();
  };
}

/** Listens on the only connection of the embedded database. Notices arrive between the answers to other queries. */
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
