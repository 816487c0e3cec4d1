/** What the audit trail says of merge requests. */
import type { MergeRequestDone } from '../../schemas/audit-actions.ts';
import { appendAudit } from '../../store/audit.ts';
import type { MergeRequest } from '../../store/entities/index.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditOf, type By, type Caller } from '../caller.ts';

type Subject = Pick<MergeRequest, 'id' | 'definition' | 'lab_id'>;

/** Appends what became of a merge request. */
export const note = (
  em: EntityManager,
  caller: Caller,
  row: Subject,
  what: MergeRequestDone,
  before: object | null,
  after: object | null,
): Promise<void> => noteOf(em, auditOf(caller), row, what, before, after);

export async function noteOf(
  em: EntityManager,
  by: By,
  row: Subject,
  what: MergeRequestDone,
  before: object | null,
  after: object | null,
): Promise<void> {
  await appendAudit(em, {
    ...by,
    action: `merge_request.${what}`,
    subject_type: 'merge_request',
    subject_id: row.id,
    subject: `${row.definition} !${row.id}`,
    lab_id: row.lab_id,
    before: before as never,
    after: after as never,
  });
}
