/**
 * The thread of the embedded database. The thread receives a message port for each session, and null to close the
 * database. It serves one session after another. The port of a session carries messages of PostgreSQL's protocol, and
 * their answers.
 */
import { on } from 'node:events';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import { lastWords } from './last-words.ts';

/**
 * PostgreSQL clears this memory at every start, which would take long with its default of 128 MB. Pages that do not fit
 * are in the operating system's cache.
 */
const sharedBuffers = '16MB';

const database = await PGlite.create(workerData as string, {
  extensions: { pg_trgm },
  startParams: [...PGlite.defaultStartParams, '-c', `shared_buffers=${sharedBuffers}`],
});

(parentPort as MessagePort).postMessage('open');

for await (const [session] of on(parentPort as MessagePort, 'message')) {
  if (session === null) break;
  for await (const [messages] of on(session as MessagePort, 'message', { close: ['close'] })) {
    const answer = await answerTo(messages);
    const ended = lastWords(answer);
    session.postMessage(answer, [answer.buffer]);
    // PGlite would answer nothing more. The main thread opens the database again.
    if (ended) throw Object.assign(new Error(ended.message), { code: ended.code });
  }
  // If the session ended within a transaction, the next session would continue that transaction.
  if (database.isInTransaction()) await database.exec('rollback');
}
await database.close();

/**
 * Returns the bytes of the database's answer. Does not use `execProtocolRaw`, which in PGlite 0.5.8 also parses each answer
 * and never frees the result: 80 KB for each save of a definition.
 */
async function answerTo(messages: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  await database.execProtocolRawStream(messages, {
    // `part` is a view of the database's own memory, which the next part overwrites, so copy it.
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
