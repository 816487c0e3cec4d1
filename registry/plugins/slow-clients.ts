/**
 * Disconnects clients that send or read too slowly, on every route. Otherwise they would keep a connection and the
 * memory for it forever. The git routes read their bodies themselves, by the same rule (repos/serve/pace.ts).
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { PATIENCE_MS, paced } from '../../repos/serve/pace.ts';

/** For headers, and for connections without any data: node:http checks them from time to time. */
export function headerDeadline(patience = PATIENCE_MS) {
  return { headersTimeout: patience, connectionsCheckingInterval: Math.ceil(patience / 2) };
}

export function leaveSlowClients(app: FastifyInstance, patience = PATIENCE_MS): void {
  app.addHook('onRequest', (_request, { raw }, done) => {
    // The socket was idle. That is not the client's fault while the server is still preparing the answer.
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
