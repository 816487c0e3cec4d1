/**
 * Disconnects clients that send or read too slowly. A slow client could otherwise occupy a connection and its memory
 * for ever. The git routes read their bodies themselves, with the same limits (repos/serve/pace.ts).
 */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { PATIENCE_MS, paced } from '../../repos/serve/pace.ts';

/** How long a connection may stay idle between two requests, in milliseconds. */
const KEEP_ALIVE = 72_000;

/**
 * The time limits for node:http: for headers, and for connections that send nothing. node:http checks them at intervals.
 * There is no limit for a whole request, because large pushes take long.
 */
export function connectionDeadlines(patience = PATIENCE_MS) {
  return {
    headersTimeout: patience,
    connectionsCheckingInterval: Math.ceil(patience / 2),
    keepAliveTimeout: KEEP_ALIVE,
    requestTimeout: 0,
  };
}

/** Disconnects the client if it reads nothing of the answer for too long. */
export function leaveSlowReader(raw: ServerResponse, patience = PATIENCE_MS): void {
  // Node calls this function when the socket is idle. If no data waits to be sent, the server is still preparing the
  // answer.
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
    const body = Readable.from(paced(chunks, patience), { objectMode: false });
    // Fastify listens only while it reads. A body that it has refused as too large may fail later.
    body.on('error', () => undefined);
    done(null, body);
  });
  // If a request was refused before its body was read, node:http reads and drops the rest without a time limit.
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    if (!raw.complete) {
      const late = setTimeout(() => raw.socket.destroy(), patience).unref();
      raw.once('close', () => clearTimeout(late));
      raw.once('end', () => clearTimeout(late));
    }
    done();
  });
}
