/** Writes the audit trail. Every entry is appended here, inside the transaction of the change that it reports. */
import { isDeepStrictEqual } from 'node:util';
import type { AuditAction, MergeRequestDone } from '../../schemas/audit-actions.ts';
import { appendAudit } from '../../store/audit.ts';
import type { MergeRequest } from '../../store/entities/index.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditFieldsOf, type By, type Caller } from '../caller.ts';

/**
 * A change of a person, lab, token, instrument or other thing; `before` and `after` are what the API shows. A change
 * that changed nothing gets no entry.
 */
export async function auditChange(
  em: EntityManager,
  caller: Caller,
  action: AuditAction,
  subject_type: string,
  subject: { id: number; username?: string; code?: string; name?: string },
  lab_id: number | null,
  before: object | null,
  after: object | null,
): Promise<void> {
  if (isDeepStrictEqual(before, after)) return;
  await appendAudit(em, {
    ...auditFieldsOf(caller),
    action,
    subject_type,
    subject_id: subject.id,
    subject: subject.username ?? subject.code ?? subject.name ?? '',
    lab_id,
    before,
    after,
  });
}

/** A change of a definition or of one of its versions. */
export async function auditDefinition(
  em: EntityManager,
  by: By,
  definition: { id: number; name: string; lab_id: number | null },
  action: AuditAction,
  before: object | null,
  after: object | null,
): Promise<void> {
  await appendAudit(em, {
    ...by,
    action,
    subject_type: 'definition',
    subject_id: definition.id,
    subject: definition.name,
    lab_id: definition.lab_id,
    before,
    after,
  });
}

/** A change of a merge request. */
export async function auditMergeRequest(
  em: EntityManager,
  by: By,
  row: Pick<MergeRequest, 'id' | 'definition' | 'lab_id'>,
  done: MergeRequestDone,
  before: object | null,
  after: object | null,
): Promise<void> {
  await appendAudit(em, {
    ...by,
    action: `merge_request.${done}`,
    subject_type: 'merge_request',
    subject_id: row.id,
    subject: `${row.definition} !${row.id}`,
    lab_id: row.lab_id,
    before,
    after,
  });
}
