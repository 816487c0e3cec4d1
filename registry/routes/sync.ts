import { Readable } from 'node:stream';
import type { Caches } from '../../repos/caches.ts';
import { bearerOf } from '../plugins/authentication.ts';
import { Type } from '../schemas/build.ts';
import { HistoriesQuery, SyncList, SyncQuery, SyncReport } from '../schemas/sync.ts';
import type { AccessCache } from '../services/access-cache/access-cache.ts';
import { Catalogues } from '../services/sync/catalogue.ts';
import { readHistories } from '../services/sync/histories.ts';
import { type SyncDeps, syncState } from '../services/sync/manifest.ts';
import { OwnParts } from '../services/sync/own.ts';
import { saveReport } from '../services/sync/report.ts';
import type { Statements } from '../services/sync/statements.ts';
import { Bytes, NoContent, problemAnswers, type RegistryServer, Streamed } from './shared.ts';
import { STATEMENT, type SyncMemory, UNCHANGED } from './sync-memory.ts';

const tags = ['sync'];

const HISTORIES = 'application/vnd.pybirch.histories';

export function syncRoutes(
  app: RegistryServer,
  given: Omit<SyncDeps, 'catalogues' | 'ownParts'> & {
    caches: Caches;
    access: Pick<AccessCache, 'definition' | 'token'>;
    memory: Pick<SyncMemory, 'stateOf' | 'keep'>;
    statements: Statements;
  },
): void {
  const deps = {
    ...given,
    catalogues: new Catalogues(given, given.caches),
    ownParts: new OwnParts(given.store, given.caches),
  };
  const { memory, statements } = given;

  app.get(
    '/api/sync',
    {
      schema: {
        operationId: 'readSyncList',
        tags,
        summary:
          'Read the list of versions, bindings and revocations for a computer (with the token of the computer)',
        description:
          'The list has one item for each version that the computer should have. A computer should have the versions that its bound instruments use or are pinned to, and the newest version of each definition of its lab. The list has public and built-in definitions only if an instrument uses them or the request names them. The list never has a revoked version: if an instrument is pinned to a revoked version, the list has the newest version that is not revoked, and a warning. If `If-None-Match` names the current list, the answer is 304. The header `Sync-Statement` has the computer, number, date and SHA-256 of the list, signed by the registry (docs/lab-computer.md).',
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
    async ({ caller, query, headers, raw }, reply) => {
      const seen = memory.stateOf(caller.actor);
      const state = await syncState(deps, caller, query);
      const { etag } = state;
      reply.headers({ etag, ...UNCHANGED });
      const isKnown = matches(headers['if-none-match'], etag);
      const pieces = isKnown ? undefined : await state.list();
      const { about, signed } = await statements.of(state, pieces);
      memory.keep(raw, caller.actor, { seen, etag, about, signed });
      reply.header(STATEMENT, signed.text);
      // Fastify would send null as JSON, with a length.
      if (pieces === undefined) return reply.code(304).send(undefined as unknown as null);
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
      reply.headers({
        'content-type': 'application/json; charset=utf-8',
        'content-length': length,
      });
      return reply.send(Readable.from(pieces, { objectMode: false }));
    },
  );

  app.post(
    '/api/sync/histories',
    {
      schema: {
        operationId: 'readHistories',
        tags,
        summary:
          'Download the histories of many definitions as one stream (with the token of a computer)',
        description:
          'Computers use this operation for their first sync. Each part is a line of JSON, `{"name", "size"}`, followed by `size` bytes: a git bundle (version 2) of `main` and the tags of its versions. The last line is `{"end": true}`. If the computer may not see a definition, the `size` of the definition is 0. The `size` is also 0 if the history is too large for this answer: fetch the history with git. Do not trust the bundles alone: compare the files with the signed list, and check the tags.',
        body: HistoriesQuery,
        response: {
          200: {
            description: 'One part for each definition, in the order of the names in the request',
            content: { [HISTORIES]: { schema: Streamed(Bytes) } },
          },
          ...problemAnswers,
        },
      },
    },
    async (request, reply) => {
      const { caller, body, log } = request;
      const secret = bearerOf(request) ?? '';
      const parts = readHistories(
        {
          ...deps,
          definition: (name) => deps.access.definition(name),
          asker: async () => (await deps.access.token(secret))?.actor,
          onError: (err, name) => log.error({ err, name }, 'a history cannot be read'),
        },
        caller,
        body.names,
      );
      return reply
        .headers({ 'content-type': HISTORIES, 'cache-control': 'private, no-store' })
        .send(Readable.from(parts, { objectMode: false }));
    },
  );

  app.post(
    '/api/sync/report',
    {
      bodyLimit: 1024 * 1024,
      schema: {
        operationId: 'reportSync',
        tags,
        summary: 'Report which versions are installed and loaded (with the token of a computer)',
        description:
          'The report replaces the previous report. Each of the `errors` is a text or an object.',
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

/** Whether `If-None-Match` contains the tag, by weak comparison (RFC 9110, section 13.1.2). `*` matches every tag. */
function matches(given: string | undefined, etag: string): boolean {
  const opaque = etag.replace(/^W\//, '');
  const tags = (given ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(opaque) || tags.includes('*');
}
