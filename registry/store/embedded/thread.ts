/**
 * The thread of the embedded database. It receives a port for each session, one after another, and null to
 * close. A session's port carries messages of PostgreSQL's protocol, and their answers as bytes.
 */
import { on } from 'node:events';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';

/**
 * PostgreSQL clears this memory at every start, which is slow with its default of 128 MB. Other pages come
 * from the operating system's cache.
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
  // The session ended inside a transaction, which the next session must not continue.
  if (database.isInTransaction()) await database.exec('rollback');
}
await database.close();
