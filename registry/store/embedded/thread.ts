/**
 * The thread of the embedded database. It is sent a port for each session, one after the other, and null to close.
 * Over the port of a session come messages of PostgreSQL's protocol, and back go the bytes that answer them.
 */
import { on } from 'node:events';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';

/**
 * Cleared at every start, which takes its time with PostgreSQL's 128 MB. What does not fit is read again from
 * the operating system's cache.
 */
const sharedBuffers = '16MB';

const database = await PGlite.create(workerData as string, {
  extensions: { pg_trgm },
  startParams: [...PGlite.defaultStartParams, '-c', `shared_buffers=${sharedBuffers}`],
});

for await (const [session] of on(parentPort as MessagePort, 'message')) {
  if (session === null) break;
  for await (const [messages] of on(session as MessagePort, 'message', { close: ['close'] })) {
    const answer = await database.execProtocolRaw(messages);
    session.postMessage(answer, [answer.buffer]);
  }
  // The session was cut off amid a transaction, where the next one must not go on.
  if (database.isInTransaction()) await database.exec('rollback');
}
await database.close();
