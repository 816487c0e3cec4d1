import { AuditEvent, AuditQuery } from '../schemas/audit.ts';
import { List } from '../schemas/common.ts';
import { listEvents } from '../services/audit.ts';
import type { PeopleRooms } from '../services/note.ts';
import { type Door, problemAnswers } from './door.ts';

export function auditRoutes(app: Door, rooms: PeopleRooms): void {
  app.get(
    '/api/audit',
    {
      schema: {
        operationId: 'listAuditEvents',
        tags: ['audit'],
        summary: 'Every write: who, what, when, from where, before and after; newest first',
        description:
          'Site admins see everything, lab admins what concerns their labs. Each entry is chained to the one before it by its hash.',
        querystring: AuditQuery,
        response: { 200: List(AuditEvent), ...problemAnswers },
      },
    },
    async (request) => await listEvents(rooms, request.caller, request.query),
  );
}
