/** `GET /openapi.json` and the pages of it at `/docs`, both from the routes' own schemas. */
import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

export async function documentation(
  app: FastifyInstance,
  { version, publicUrl }: { version: string; publicUrl: () => string },
): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Definition Registry',
        version,
        description:
          'Instrument definitions in git, their versions and who may change them. Errors are RFC 9457 problem documents.',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'registry_session' },
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
        { name: 'audit' },
        { name: 'health' },
      ],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => (json.$id as string) ?? `schema-${i}`,
    },
  });
  let document: unknown;
  app.get('/openapi.json', { schema: { hide: true } }, async () => {
    document ??= { ...app.swagger(), servers: [{ url: publicUrl() }] };
    return document;
  });
  // The pages are a megabyte of assets to register: done when the first request asks for them would be
  // too late for Fastify, so they are an encapsulated plugin with its own lazy file serving.
  const { default: fastifySwaggerUi } = await import('@fastify/swagger-ui');
  await app.register(fastifySwaggerUi, { routePrefix: '/docs', staticCSP: true });
}
