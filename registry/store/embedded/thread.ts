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
    const answer = await answerTo(messages);
    session.postMessage(answer, [answer.buffer]);
  }
  // The session ended inside a transaction, which the next session must not continue.
  if (database.isInTransaction()) await database.exec('rollback');
}
await database.close();

/**
 * The answer of the database as it came. `execProtocolRaw` of PGlite 0.5.8 also parses each answer and keeps what it
 * parsed for ever: 80 KB for each save of a definition.
 */
async function answerTo(messages: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  await database.execProtocolRawStream(messages, {
    // A view of the database's own memory, which the next part overwrites.
    onRawData(part) {
      parts.push(part.slice());
      length += part.length;
    },
  });
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const answer = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    answer.set(part, at);
    at += part.length;
  }
  return answer;
}
