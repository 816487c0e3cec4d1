/**
 * Serves the web interface: one document for all pages, and the built files. `npm install` builds them. Without the build,
 * the registry serves everything except the web interface.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { plainPage } from '../plugins/plain-page.ts';
import { PAGES } from '../schemas/pages.ts';

const BUILD = fileURLToPath(new URL('../../web-components/dist/', import.meta.url));
const DOCUMENT = 'index.html';

/**
 * Whether the build of the web interface exists. Without the build, a browser gets a page that explains how to make it.
 */
export const isInterfaceBuilt = (): boolean => existsSync(join(BUILD, DOCUMENT));

export function interfaceRoutes(app: FastifyInstance, folder = BUILD): void {
  const page = (reply: FastifyReply, status: number) => answerPage(reply, status, folder);
  // The OpenAPI document does not contain these routes. docs/access.md uses the names of their operations.
  const hidden = { schema: { hide: true, operationId: 'openPage' } };
  for (const path of PAGES) {
    app.get(path, hidden, async (request, reply) => {
      const cloned = CLONE_ADDRESS.exec(request.url)?.[1];
      if (cloned === undefined) return await page(reply, 200);
      return isNavigation(request) ? reply.redirect(cloned) : reply.callNotFound();
    });
  }
  // For an unknown address, browsers get a page and programs get a problem document.
  app.get('/*', hidden, async (request, reply) =>
    isNavigation(request) ? await page(reply, 404) : reply.callNotFound(),
  );

  let files: Promise<Handler> | undefined;
  const asset = { schema: { hide: true, operationId: 'loadAsset' } };
  app.get('/assets/*', asset, async (request, reply) => {
    // The first request loads the files, so that the start of the server does not wait for them.
    files ??= openFiles(folder);
    const serve = await files;
    reply.hijack();
    serve(request.raw, reply.raw);
  });
}

/**
 * A clone address. A browser that opens a clone address is redirected to the definition's page, which has no `.git` at
 * the end.
 */
const CLONE_ADDRESS = /^(\/definitions\/[^/?]*)\.git(\?|$)/;

const isNavigation = ({ headers, url }: FastifyRequest): boolean =>
  (headers.accept ?? '').includes('text/html') && !url.startsWith('/api/');

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Lets browsers cache the built files for a year, because a file's name contains the hash of its content. */
async function openFiles(folder: string): Promise<Handler> {
  const { default: sirv } = await import('sirv');
  return sirv(folder, { brotli: true, gzip: true, immutable: true, maxAge: 365 * 24 * 3600 });
}

async function answerPage(
  reply: FastifyReply,
  status: number,
  folder: string,
): Promise<FastifyReply> {
  reply.type('text/html; charset=utf-8');
  const document = await readFile(join(folder, DOCUMENT), 'utf8').catch(ignoreAbsent);
  if (document === undefined) return reply.code(503).send(NOT_BUILT);
  return reply.code(status).header('cache-control', 'no-cache').send(document);
}

function ignoreAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

const NOT_BUILT = plainPage(
  'The web interface is not built',
  `<p>Run <code>npm run build</code> in the folder of the registry, then load this page again.
Git and the <a href="/docs">HTTP API</a> work without the web interface.</p>`,
);
