/** Serves `GET /openapi.json` and the pages at `/docs`, both made from the schemas of the routes. */
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteOptions,
} from 'fastify';
import { problems } from './problems.ts';
import { sessionCookieName } from './session-cookie.ts';

interface Options {
  version: string;
  publicUrl: () => string;
}

/**
 * Must be called before the routes are added, because this function collects each route that is added. The first
 * request for the document loads the code that makes it, so that this code does not slow the start.
 */
export function documentation(app: FastifyInstance, options: Options): void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    // Fastify adds a HEAD route for every GET route. The OpenAPI document leaves out HEAD routes.
    if (route.method !== 'HEAD' && !route.schema?.hide) routes.push(route);
  });
  let pages: Promise<FastifyInstance> | undefined;
  const show = async (request: FastifyRequest, reply: FastifyReply) => {
    pages ??= describe(routes, options);
    const { routing } = await pages;
    reply.hijack();
    routing(request.raw, reply.raw);
  };
  for (const path of ['/openapi.json', '/docs', '/docs/*']) {
    app.get(path, { schema: { hide: true } }, show);
  }
}

/** Makes an app that has the schemas of the routes but not their handlers. */
async function describe(
  routes: readonly RouteOptions[],
  { version, publicUrl }: Options,
): Promise<FastifyInstance> {
  const [{ default: fastifySwagger }, { default: fastifySwaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  const pages = Fastify();
  problems(pages);
  pages.setValidatorCompiler(() => () => true);
  pages.setSerializerCompiler(() => JSON.stringify);
  await pages.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Definition Registry',
        version,
        description:
          'A registry of instrument definitions in git, with versions, reviews and permissions. Errors are problem documents (RFC 9457).',
      },
      servers: [{ url: publicUrl() }],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: sessionCookieName(publicUrl()) },
        },
      },
      security: [{ token: [] }, { session: [] }],
      tags: [
        { name: 'definitions' },
        { name: 'versions' },
        { name: 'sessions' },
        { name: 'tokens' },
        { name: 'users' },
        { name: 'labs' },
        { name: 'instruments' },
        { name: 'computers' },
        { name: 'sync' },
        { name: 'fleet' },
        { name: 'audit' },
        { name: 'events' },
        { name: 'health' },
        { name: 'problems' },
      ],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => (json.$id as string) ?? `schema-${i}`,
    },
  });
  await pages.register(fastifySwaggerUi, { routePrefix: '/docs' });
  for (const { method, url, schema } of routes) {
    pages.route({ method, url, ...(schema && { schema }), handler: async () => undefined });
  }
  pages.get('/openapi.json', { schema: { hide: true } }, async () => pages.swagger());
  await pages.ready();
  return pages;
}
