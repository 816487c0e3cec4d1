/** A stop ends when the last answer is sent, not when the last client closes its connection. */
import type { FastifyInstance } from 'fastify';

/** How often a stop looks for idle connections, in milliseconds. */
const LOOK_AGAIN_MS = 20;

/**
 * When a stop begins, Fastify closes the idle connections. A connection with a running answer becomes idle a moment
 * later, and clients keep it open for a minute or more. So this looks for idle connections until the server is closed.
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
