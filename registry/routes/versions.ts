import { Type } from '../schemas/build.ts';
import { IdParams, List, PageQuery } from '../schemas/common.ts';
import {
  DiffDocument,
  DiffQuery,
  VersionDetail,
  VersionParams,
  VersionQuery,
  VersionSummary,
} from '../schemas/definitions.ts';
import {
  createSnapshot,
  diffVersions,
  listVersionsOf,
  type ReadDeps,
  readSource,
  readVersion,
} from '../services/definitions/read-definitions.ts';
import { Bytes, problemAnswers, type RegistryServer } from './shared.ts';

const bytes = (type: string, description: string) => ({
  description,
  content: { [type]: { schema: Bytes } },
});

export function versionRoutes(app: RegistryServer, deps: ReadDeps): void {
  const tags = ['versions'];

  app.get(
    '/api/instrument-definitions/:id/versions',
    {
      schema: {
        operationId: 'listVersions',
        tags,
        summary: 'List the versions of a definition, newest first',
        params: IdParams,
        querystring: Type.Object(PageQuery),
        response: { 200: List(VersionSummary), ...problemAnswers },
      },
    },
    async (request) => await listVersionsOf(deps, request.caller, request.params.id, request.query),
  );

  app.get(
    '/api/instrument-definitions/:id/versions/:n',
    {
      schema: {
        operationId: 'readVersion',
        tags,
        summary: 'Read a version with its source',
        params: VersionParams,
        response: { 200: VersionDetail, ...problemAnswers },
      },
    },
    async (request) => {
      const { id, n } = request.params;
      return await readVersion(deps, request.caller, id, n);
    },
  );

  app.get(
    '/api/instrument-definitions/:id/diff',
    {
      schema: {
        operationId: 'compareVersions',
        tags,
        summary: 'Compare two versions. The answer is a unified diff, or JSON if you accept JSON',
        params: IdParams,
        querystring: DiffQuery,
        response: {
          200: {
            description: 'The difference',
            content: {
              'text/x-diff': { schema: Type.String() },
              'application/json': { schema: DiffDocument },
            },
          },
          ...problemAnswers,
        },
      },
    },
    async (request, reply) => {
      const found = await diffVersions(deps, request.caller, request.params.id, request.query);
      reply.header('vary', 'accept');
      if (/\bapplication\/json\b/.test(request.headers.accept ?? '')) {
        return { ...found, files: await found.files() };
      }
      return reply.type('text/x-diff; charset=utf-8').send(found.diff);
    },
  );

  app.get(
    '/api/instrument-definitions/:id/source',
    {
      schema: {
        operationId: 'readSource',
        tags,
        summary: 'Download the source file of a definition, byte for byte',
        params: IdParams,
        querystring: VersionQuery,
        response: { 200: bytes('text/x-python', 'The file'), ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const found = await readSource(deps, request.caller, id, request.query.version);
      return reply
        .type('text/x-python')
        .header('content-disposition', `attachment; filename="${found.fileName}"`)
        .send(Buffer.from(found.bytes));
    },
  );

  app.get(
    '/api/instrument-definitions/:id/snapshot',
    {
      schema: {
        operationId: 'readSnapshot',
        tags,
        summary: 'Download all files of a version as a zip',
        description:
          'X-Files-SHA256 is one digest of all files. To compute it, write one line `<SHA-256 in hexadecimal>  <path>` for each file, with two spaces and a final newline, as `sha256sum` does. Sort the lines by the bytes of the paths. The digest is the SHA-256 of this text, in hexadecimal. X-Commit is the commit. Repr-Digest (RFC 9530) is the digest of the archive itself.',
        params: IdParams,
        querystring: VersionQuery,
        response: { 200: bytes('application/zip', 'The archive'), ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const found = await createSnapshot(deps, request.caller, id, request.query.version);
      return reply
        .type('application/zip')
        .header('content-disposition', `attachment; filename="${found.fileName}"`)
        .header('x-commit', found.commit)
        .header('x-files-sha256', found.filesSha256)
        .header('repr-digest', `sha-256=:${Buffer.from(found.sha256, 'hex').toString('base64')}:`)
        .send(Buffer.from(found.bytes));
    },
  );
}
