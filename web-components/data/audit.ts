/** The audit trail. */
import type { AuditQuery } from '../../registry/schemas/audit.ts';
import { client } from './client.ts';

export type { AuditEvent, AuditQuery } from '../../registry/schemas/audit.ts';
export { AUDIT_ACTIONS } from '../../registry/schemas/audit-actions.ts';

export const listAudit = (query: Partial<AuditQuery>) => client.audit(query);

/**
 * The address of the export of the audit trail. The export has all entries that match the filters as JSON lines, oldest
 * first.
 */
export function auditExport(filters: Partial<AuditQuery>): string {
  const given = Object.entries(filters).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  return `/api/audit?${new URLSearchParams([...given, ['format', 'jsonl']])}`;
}
