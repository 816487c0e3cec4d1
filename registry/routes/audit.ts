import { AuditEvent, AuditQuery } from '../schemas/audit.ts';
import { Type } from '../schemas/build.ts';
import { List } from '../schemas/common.ts';
import { exportEvents, listEvents } from '../services/audit/read.ts';
import type { PeopleDeps } from '../services/deps.ts';
import { type Door, problemAnswers } from './door.ts';

export function auditRoutes(app: Door, deps: PeopleDeps): void {
  app.get(
    '/api/audit',
    {
      schema: {
        operationId: 'listAuditEvents',
        tags: ['audit'],
        summary: 'Every write: who, what, when, from where, before and after; newest first',
        description:
          'Site admins see everything, lab admins what concerns their labs. Each entry is chained to the one before it by its hash. Where Accept asks for application/x-ndjson, or `format` for jsonl, the answer is every entry that the filters leave, oldest first, a line each; pages do not apply.',
        querystring: AuditQuery,
        response: {
          200: {
            description: 'Entries',
            content: {
              'application/json': { schema: List(AuditEvent) },
              'application/x-ndjson': { schema: Type.String({ description: 'An entry a line' }) },
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
        return reply.type('application/x-ndjson').send(entries as never);
      }
      return await listEvents(deps, request.caller, query);
    },
  );
}
