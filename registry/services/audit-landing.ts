/** What the audit trail keeps of landings. */
import type { VersionRecord } from '../definitions/record.ts';
import { appendAudit } from '../store/audit.ts';
import type { EntityManager } from '../store/types.ts';
import { auditOf, type Caller } from './caller.ts';
import type { Indexed } from './index-repository.ts';

/**
 * An entry for each version that the index did not have. `callerOf` gives who has just landed it; of one that an
 * earlier landing or a crash left behind, its own record says who that was.
 */
export async function auditLanded(
  em: EntityManager,
  indexed: Indexed,
  callerOf: (record: VersionRecord) => Caller | undefined = () => undefined,
): Promise<void> {
  for (const { record } of indexed.added) {
    const caller = callerOf(record);
    const { version, commit, change_summary: summary } = record;
    await appendAudit(em, {
      ...(caller ? auditOf(caller) : recorded(record)),
      ...subjectOf(indexed),
      action: 'definition.landed',
      before: null,
      after: { version, commit, summary, ...(!caller && { repaired: true }) },
    });
  }
}

/** An entry for a change of the definition's state. */
export async function auditState(
  em: EntityManager,
  indexed: Indexed,
  caller: Caller,
  { action, before, after }: { action: string; before: object; after: object },
): Promise<void> {
  await appendAudit(em, {
    ...auditOf(caller),
    ...subjectOf(indexed),
    action,
    before: before as never,
    after: after as never,
  });
}

function recorded({ landed_by }: VersionRecord) {
  return {
    actor_id: landed_by?.id ?? null,
    actor: landed_by?.username ?? 'registry',
    address: null,
    token_name: null,
  };
}

function subjectOf({ definition }: Indexed) {
  return {
    subject_type: 'definition',
    subject_id: definition.id,
    subject: definition.name,
    lab_id: definition.lab_id,
  };
}
