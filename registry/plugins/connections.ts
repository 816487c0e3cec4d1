/** Lets a stop of the server end when the last answer is sent, and not when the last client closes its connection. */
import type { FastifyInstance } from 'fastify';

/** How often idle connections are closed during a stop, in milliseconds. */
const LOOK_AGAIN_MS = 20;

/**
 * Closes idle connections again and again during a stop. Fastify closes idle connections only when the stop begins. A
 * connection with a running answer becomes idle later, and its client could keep it open for a minute or more.
 */
export function letConnectionsGo(app: FastifyInstance): void {
  let looking: NodeJS.Timeout | undefined;
  app.addHook('preClose', (done) => {
    looking = setInterval(() => app.server.closeIdleConnections(), LOOK_AGAIN_MS).unref();
    done();
  });
  app.addHook('onClose', (_app, done) => {
    clearInterval(looking);
    done();
  });
}
