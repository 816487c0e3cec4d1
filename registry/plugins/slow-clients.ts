/**
 * A client that sends or takes in too slowly is left, on every route: it would keep a connection, and what the server
 * holds for it, for ever. The routes of git read their bodies themselves, by the same rule (repos/serve/pace.ts).
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { PATIENCE_MS, paced } from '../../repos/serve/pace.ts';

/** For headers, and for connections on which nothing comes: node:http looks now and then. */
export function headerDeadline(patience = PATIENCE_MS) {
  return { headersTimeout: patience, connectionsCheckingInterval: Math.ceil(patience / 2) };
}

export function leaveSlowClients(app: FastifyInstance, patience = PATIENCE_MS): void {
  app.addHook('onRequest', (_request, { raw }, done) => {
    // Nothing moves on the socket. While an answer is being made that is not the client's doing.
    raw.setTimeout(patience, () => {
      if (raw.socket !== null && raw.socket.writableLength > 0) raw.socket.destroy();
    });
    done();
  });
  app.addHook('preParsing', ({ headers }, _reply, payload, done) => {
    const comes =
      headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
    if (!comes) return done(null, payload);
    const chunks = (payload as Readable).iterator({ destroyOnReturn: false });
    done(null, Readable.from(paced(chunks, patience), { objectMode: false }));
  });
  // Refused before its body was read: node:http takes the rest and drops it, at whatever pace it comes.
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    if (!raw.complete) {
      const late = setTimeout(() => raw.socket.destroy(), patience).unref();
      raw.once('close', () => clearTimeout(late));
      raw.once('end', () => clearTimeout(late));
    }
    done();
  });
}
