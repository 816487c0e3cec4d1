/** A stop ends when the last answer is sent, and not when the last client lets go of its connection. */
import type { FastifyInstance } from 'fastify';

/** How often a stop looks for connections that have become idle, in milliseconds. */
const LOOK_AGAIN_MS = 20;

/**
 * Fastify closes the connections that are idle when a stop begins. One that had an answer under way then is idle a moment
 * later, and clients keep it open for a minute and more; so it is looked for until the server is closed.
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
