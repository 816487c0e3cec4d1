/** Starts the same registry with another setting, and lists the routes that it serves. */
import diagnostics from 'node:diagnostics_channel';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { createApp } from '../../../registry/app.ts';
import type { TestLab } from '../../helpers/lab.ts';

export interface Route {
  method: string;
  /** The path, with `:parameters`. */
  url: string;
  /** Undefined if the API document does not contain the route. */
  operationId: string | undefined;
}

/** Starts a second service on the same data, with ANONYMOUS_READ. */
export async function openService(
  t: Test,
  { deps }: TestLab,
): Promise<{ url: string; routes: Route[] }> {
  const routes: Route[] = [];
  const watch = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url, schema }) => {
      const { operationId } = (schema ?? {}) as { operationId?: string };
      for (const one of [method].flat()) routes.push({ method: one, url, operationId });
    });
  };
  // Every Fastify instance announces itself on this channel before it has routes (Fastify, "Diagnostics Channel
  // Hooks").
  diagnostics.subscribe('fastify.initialization', watch);
  const app = await createApp(
    {
      ...deps,
      rules: { anonymousRead: true },
      jwtSecret: 'x'.repeat(32),
      version: '0.0.0-test',
      isReady: () => true,
    },
    false,
  );
  diagnostics.unsubscribe('fastify.initialization', watch);
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, routes };
}

/** The routes by their name in docs/access.md. HEAD shares the row of GET. git's own routes have other tables. */
export function byName(routes: readonly Route[]): Map<string, Route> {
  const served = routes.filter(({ method, url }) => method !== 'HEAD' && url !== '/definitions/*');
  return new Map(
    served.map((route) => [route.operationId ?? `${route.method} ${route.url}`, route]),
  );
}
