/**
 * Ends connections to a PostgreSQL server that no longer answers: the server hangs, its machine has lost power, or its
 * address now belongs to another machine. Without this, a query would wait until the system gives the connection up,
 * which takes Linux a quarter of an hour (tcp(7), tcp_retries2), or for ever if the server's machine still runs.
 *
 * A query may take long. So when a connection has been silent for a few seconds, another connection asks the server which
 * queries run. If that gets no answer twice, or the query does not run, the connection is ended.
 */
import type { Socket } from 'node:net';

const LOOK_EVERY = 1000;
/** After how many looks a connection that waits for an answer is silent. */
const SILENT = 5;
/** How long the server may take to accept a connection, and then to answer, in milliseconds. */
const LONGEST_ANSWER = 4000;

/** The parts of pg's clients that are used here. */
interface Client {
  readonly processID: number | null;
  /** Whether no query waits for an answer. */
  readonly readyForQuery: boolean;
  readonly connection: { stream: Socket };
  connect(): Promise<unknown>;
  query: Query;
  /** Returns the connection to the pool, or ends it. */
  release(ends: boolean): void;
  on(event: 'error', listener: () => void): unknown;
}
type Query = (...args: unknown[]) => Promise<{ rows: { running: number[]; own: number }[] }>;
/** The parts of pg's pool that are used here. */
export interface WatchedPool {
  Client: new (options: object) => Client;
  options: { password?: unknown };
  on(event: 'acquire' | 'connect', listener: (client: Client) => void): unknown;
  on(event: 'release', listener: (error: unknown, client: Client) => void): unknown;
}

/**
 * Releases a connection on which a transaction cannot begin or be rolled back, usually because the connection is lost.
 * Kysely keeps it (https://github.com/kysely-org/kysely/issues/1990), and ten of them would occupy the whole pool.
 */
export function releaseLostTransactions(pool: WatchedPool): void {
  pool.on('connect', (client) => {
    const query: Query = client.query.bind(client);
    client.query = (sql, ...rest) => {
      const answer = query(sql, ...rest);
      if (typeof sql === 'string' && /^(begin|start transaction|rollback$)/.test(sql))
        answer.catch(() => client.release(true));
      return answer;
    };
  });
}

/** Watches the connections of a pool that are in use. Returns a function that stops this. */
export function endDeadConnections(pool: WatchedPool): () => void {
  const inUse = new Map<Client, { bytes: number; looks: number; missed: number }>();
  pool.on('acquire', (client) => inUse.set(client, { bytes: -1, looks: 0, missed: 0 }));
  pool.on('release', (_, client) => inUse.delete(client));
  let isLooking = false;

  async function look(): Promise<void> {
    for (const [{ readyForQuery, connection }, seen] of inUse) {
      const bytes = connection.stream.bytesRead;
      if (readyForQuery || bytes !== seen.bytes)
        Object.assign(seen, { bytes, looks: 0, missed: 0 });
      else seen.looks += 1;
    }
    const silent = [...inUse].filter(([, { looks }]) => looks >= SILENT);
    if (silent.length === 0) return;
    const isRunning = await askServer(pool);
    for (const [client, seen] of silent) {
      const { processID, connection } = client;
      // The answer may have come meanwhile.
      if (inUse.get(client) !== seen || connection.stream.bytesRead !== seen.bytes) continue;
      seen.missed = isRunning(processID) ? 0 : seen.missed + 1;
      if (seen.missed === 0) seen.looks = 0;
      if (seen.missed === 2) connection.stream.destroy(noAnswer());
    }
  }

  const timer = setInterval(async () => {
    if (isLooking) return;
    isLooking = true;
    await look();
    isLooking = false;
  }, LOOK_EVERY).unref();
  return () => clearInterval(timer);
}

const noAnswer = () =>
  Object.assign(new Error('The database server does not answer.'), { code: 'ETIMEDOUT' });

/** Asks the server over a new connection. Never rejects. Returns whether the session with a number runs a query. */
async function askServer({
  Client,
  options,
}: WatchedPool): Promise<(pid: number | null) => boolean> {
  const client = new Client({
    ...options,
    // The pool hides the password from enumeration.
    password: options.password,
    connectionTimeoutMillis: LONGEST_ANSWER,
    query_timeout: LONGEST_ANSWER,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query(
      `select pg_backend_pid() as own,
              array(select pid from pg_stat_activity where state not like 'idle%') as running`,
    );
    const [{ own, running } = { own: 0, running: [] }] = rows;
    // A pooler between (PgBouncer) gives sessions numbers of its own.
    if (own !== client.processID) return () => true;
    return (pid) => pid !== null && running.includes(pid);
  } catch (error) {
    // A server that refuses, because it is full or starts, answers the running queries or ends their connections.
    const isAnswer = 'severity' in (error as Error);
    return () => isAnswer;
  } finally {
    client.connection.stream.destroy();
  }
}
