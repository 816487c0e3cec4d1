import { Readable } from 'node:stream';
import type { Caches } from '../../repos/caches.ts';
import { Type } from '../schemas/build.ts';
import { SyncList, SyncQuery, SyncReport } from '../schemas/sync.ts';
import { Catalogues } from '../services/sync/catalogue.ts';
import { type SyncDeps, syncState } from '../services/sync/manifest.ts';
import { OwnParts } from '../services/sync/own.ts';
import { saveReport } from '../services/sync/report.ts';
import { Statements } from '../services/sync/statements.ts';
import { NoContent, problemAnswers, type RegistryServer, Streamed } from './shared.ts';

const tags = ['sync'];

/** The header that carries a list's signed statement. */
const STATEMENT = 'sync-statement';

export function syncRoutes(
  app: RegistryServer,
  given: Omit<SyncDeps, 'catalogues' | 'ownParts'> & { caches: Caches },
): void {
  const deps = {
    ...given,
    catalogues: new Catalogues(given, given.caches),
    ownParts: new OwnParts(given.store, given.caches),
  };

  const statements = new Statements(given.signingKeys, given.caches);

  app.get(
    '/api/sync',
    {
      schema: {
        operationId: 'readSyncList',
        tags,
        summary:
          'Read what a computer should have: versions, bindings, revocations (with the token of a computer)',
        description:
          'One item for each version: the versions that instruments bound to this computer use (at their pins), and the newest version of each definition of its lab; public and built-in ones if bound or named. A revoked version is never offered: a pin to one falls back to the newest version that is not revoked, with a warning. With `If-None-Match`, an unchanged list answers 304. Both answers have the header `Sync-Statement`: the computer, number, date and SHA-256 of the list, signed by the registry (docs/lab-computer.md).',
        querystring: SyncQuery,
        headers: Type.Object({
          'if-none-match': Type.Optional(Type.String({ maxLength: 1000 })),
        }),
        response: {
          200: Streamed(SyncList),
          304: Type.Null({ description: 'Unchanged' }),
          ...problemAnswers,
        },
      },
    },
    async ({ caller, query, headers }, reply) => {
      const state = await syncState(deps, caller, query);
      const { etag } = state;
      reply.headers({ etag, 'cache-control': 'private, no-cache' });
      if (matches(headers['if-none-match'], etag)) {
        reply.header(STATEMENT, await statements.of(state)).code(304);
        return null;
      }
      const pieces = await state.list();
      reply.header(STATEMENT, await statements.of(state, pieces));
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
      reply.headers({
        'content-type': 'application/json; charset=utf-8',
        'content-length': length,
      });
      return reply.send(Readable.from(pieces, { objectMode: false }));
    },
  );

  app.post(
    '/api/sync/report',
    {
      bodyLimit: 1024 * 1024,
      schema: {
        operationId: 'reportSync',
        tags,
        summary: 'Report which versions are installed and in use (with the token of a computer)',
        description: 'Replaces the previous report. `errors` are texts or objects.',
        body: SyncReport,
        response: { 204: NoContent, ...problemAnswers },
      },
    },
    async ({ caller, body }, reply) => {
      await saveReport(deps, caller, body);
      reply.code(204);
      return null;
    },
  );
}

/**
 * Whether the header's list contains the tag, by weak comparison (RFC 9110, section 13.1.2); `*` matches any
 * tag.
 */
function matches(given: string | undefined, etag: string): boolean {
  const opaque = etag.replace(/^W\//, '');
  const tags = (given ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(opaque) || tags.includes('*');
}
