/** Entries of the audit trail for what happens to people, labs and tokens. */
import { isDeepStrictEqual } from 'node:util';
import type { Rules } from '../../access/decide.ts';
import { Problem } from '../../errors.ts';
import type { AuditAction } from '../../schemas/audit-actions.ts';
import { appendAudit } from '../../store/audit.ts';
import { StoreError } from '../../store/errors.ts';
import type { Store } from '../../store/open.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditOf, type Caller } from '../caller.ts';

export interface PeopleRooms {
  store: Store;
  rules: Rules;
}

export interface PageOf {
  page: number;
  per_page: number;
}

/**
 * Appends an entry inside the caller's transaction; `before` and `after` are what the API shows. A write
 * that changed nothing is none.
 */
export async function note(
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
    ...auditOf(caller),
    action,
    subject_type,
    subject_id: subject.id,
    subject: subject.username ?? subject.code ?? subject.name ?? '',
    lab_id,
    before: before as never,
    after: after as never,
  });
}

/** A unique violation as the conflict it is for the caller; any other error goes on. */
export function taken(error: unknown, path: string): never {
  if (!(error instanceof StoreError) || error.code !== 'unique_violation') throw error;
  throw new Problem(
    'conflict',
    `That ${path} is taken (case does not count). Choose another one.`,
    [{ path, message: 'is taken' }],
    { cause: error },
  );
}
