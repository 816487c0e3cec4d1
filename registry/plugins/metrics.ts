/** `GET /metrics`: Prometheus text about the process and its requests. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

export function metrics(app: FastifyInstance): void {
  // Loaded by the first request that is answered, as a start would wait for it.
  let collector: ReturnType<typeof collect> | undefined;
  const collected = () => {
    collector ??= collect();
    return collector;
  };
  app.addHook('onResponse', async (request, reply) => (await collected()).observe(request, reply));
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    const { register } = await collected();
    return reply.type(register.contentType).send(await register.metrics());
  });
}

async function collect() {
  const { collectDefaultMetrics, Histogram, Registry } = await import('prom-client');
  const register = new Registry();
  collectDefaultMetrics({ register });
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from request to answer, by route',
    labelNames: ['method', 'route', 'status'],
    registers: [register],
  });
  const observe = (request: FastifyRequest, reply: FastifyReply) =>
    seconds.observe(
      {
        method: request.method,
        route: request.routeOptions.url ?? 'none',
        status: String(reply.statusCode),
      },
      reply.elapsedTime / 1000,
    );
  return { register, observe };
}
