/** The audit trail. */
import type { AuditQuery } from '../../registry/schemas/audit.ts';
import { client } from './client.ts';

export type { AuditEvent, AuditQuery } from '../../registry/schemas/audit.ts';
export { AUDIT_ACTIONS } from '../../registry/schemas/audit-actions.ts';

export const listAudit = (query: Partial<AuditQuery>) => client.audit(query);

/** Where the browser saves all that the filters leave: a line of JSON an entry, oldest first. */
export function auditExport(filters: Partial<AuditQuery>): string {
  const given = Object.entries(filters).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  return `/api/audit?${new URLSearchParams([...given, ['format', 'jsonl']])}`;
}
