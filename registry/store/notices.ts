/** Being told when another transaction has committed something: PostgreSQL's LISTEN, on both databases. */
import { setTimeout as pause } from 'node:timers/promises';

/** Ends the listening. */
export type StopListening = () => Promise<void>;

/** Calls `wake` after each commit that notified `channel`; commits that follow each other closely may share a call. */
export type Listen = (channel: string, wake: () => void) => Promise<StopListening>;

/** What is used of pg's pool and its clients. */
interface Pool {
  connect(): Promise<Client>;
}
interface Client {
  query(sql: string): Promise<unknown>;
  on(event: 'notification' | 'error' | 'end', listener: () => void): unknown;
  off(event: 'notification', listener: () => void): unknown;
  release(destroy: boolean): void;
}

/** How long to wait before connecting anew, in milliseconds. */
const AGAIN = 1000;

/**
 * On a connection of its own. One that breaks is made anew, and `wake` is called when it stands, for what was
 * notified meanwhile is lost. Rejects where the first attempt fails.
 */
export async function listenOnServer(
  pool: Pool,
  channel: string,
  wake: () => void,
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
    client.on('notification', wake);
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
        return wake();
      } catch {
        // The database is still away, which every other use of it reports.
      }
    }
  }

  await connect();
  return async () => {
    stopped.abort();
    letGo();
  };
}

/** On the only connection of the embedded database: notices come among the answers to whatever else goes over it. */
export async function listenInPassing(
  pool: Pool,
  channel: string,
  wake: () => void,
): Promise<StopListening> {
  const client = await pool.connect();
  try {
    await client.query(`listen ${channel}`);
    client.on('notification', wake);
  } finally {
    client.release(false);
  }
  return async () => void client.off('notification', wake);
}
