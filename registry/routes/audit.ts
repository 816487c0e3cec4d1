import { AuditEvent, AuditQuery } from '../schemas/audit.ts';
import { Type } from '../schemas/build.ts';
import { List } from '../schemas/common.ts';
import { exportEvents, listEvents } from '../services/audit/read.ts';
import type { PeopleDeps } from '../services/deps.ts';
import { problemAnswers, type RegistryServer, Streamed } from './shared.ts';

export function auditRoutes(app: RegistryServer, deps: PeopleDeps): void {
  app.get(
    '/api/audit',
    {
      schema: {
        operationId: 'listAuditEvents',
        tags: ['audit'],
        summary: 'List the entries of the audit trail, newest first',
        description:
          'Site admins see all entries. Lab admins see the entries of their labs. Each entry contains the hash of the previous entry. With `Accept: application/x-ndjson` or `format=jsonl`, the answer has no pages: it has one line for each entry that matches the filters, oldest first.',
        querystring: AuditQuery,
        response: {
          200: {
            description: 'Entries',
            content: {
              'application/json': { schema: List(AuditEvent) },
              'application/x-ndjson': {
                schema: Streamed(Type.String({ description: 'Each line contains one entry' })),
              },
            },
          },
          ...problemAnswers,
        },
      },
    },
    async (request, reply) => {
      reply.header('vary', 'accept');
      const { format, ...query } = request.query;
      const isAccepted = /\bapplication\/x-ndjson\b/.test(request.headers.accept ?? '');
      if (format === 'jsonl' || (isAccepted && format === undefined)) {
        const entries = exportEvents(deps, request.caller, query);
        if (format) reply.header('content-disposition', 'attachment; filename="audit.jsonl"');
        return reply.type('application/x-ndjson').send(entries);
      }
      return await listEvents(deps, request.caller, query);
    },
  );
}
