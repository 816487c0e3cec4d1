/**
 * Disconnects clients that send or read too slowly, on every route. Otherwise they would keep a connection and the
 * memory for it forever. The git routes read their bodies themselves, by the same rule (repos/serve/pace.ts).
 */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { PATIENCE_MS, paced } from '../../repos/serve/pace.ts';

/** How long a connection may stay open between two requests, in milliseconds. */
const KEEP_ALIVE = 72_000;

/**
 * For headers, and for connections without any data: node:http checks them from time to time. A whole request may take
 * longer than node:http's own limit, because large pushes do.
 */
export function connectionDeadlines(patience = PATIENCE_MS) {
  return {
    headersTimeout: patience,
    connectionsCheckingInterval: Math.ceil(patience / 2),
    keepAliveTimeout: KEEP_ALIVE,
    requestTimeout: 0,
  };
}

/** Disconnects the reader of an answer that reads nothing of it for too long. */
export function leaveSlowReader(raw: ServerResponse, patience = PATIENCE_MS): void {
  // The socket was idle. That is not the client's fault while the server is still preparing the answer.
  raw.setTimeout(patience, () => {
    if (raw.socket !== null && raw.socket.writableLength > 0) raw.socket.destroy();
  });
}

export function leaveSlowClients(app: FastifyInstance, patience = PATIENCE_MS): void {
  app.addHook('onRequest', (_request, { raw }, done) => {
    leaveSlowReader(raw, patience);
    done();
  });
  app.addHook('preParsing', ({ headers }, _reply, payload, done) => {
    const comes =
      headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
    if (!comes) return done(null, payload);
    const chunks = (payload as Readable).iterator({ destroyOnReturn: false });
    done(null, Readable.from(paced(chunks, patience), { objectMode: false }));
  });
  // The request was refused before its body was read. node:http then reads and drops the rest, however slowly it
  // arrives.
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    if (!raw.complete) {
      const late = setTimeout(() => raw.socket.destroy(), patience).unref();
      raw.once('close', () => clearTimeout(late));
      raw.once('end', () => clearTimeout(late));
    }
    done();
  });
}
