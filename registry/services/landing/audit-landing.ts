/** What the audit trail keeps of landings. */
import { isDeepStrictEqual } from 'node:util';
import type { DefinitionState, VersionRecord } from '../../definitions/record.ts';
import type { AuditAction } from '../../schemas/audit-actions.ts';
import { appendAudit } from '../../store/audit.ts';
import type { Definition } from '../../store/entities/index.ts';
import type { EntityManager } from '../../store/types.ts';
import type { Verdicts } from '../../store/versions.ts';
import { auditOf, type By, type Caller } from '../caller.ts';
import { noteOf } from '../review/note.ts';
import type { Indexed } from './index-repository.ts';

/**
 * For each version that the index did not have: that it landed, which merge request that was, what was set aside.
 * `callerOf` gives who has just landed it; of one that an earlier landing or a crash left behind, its own record says
 * who that was.
 */
export async function auditLanded(
  em: EntityManager,
  indexed: Indexed,
  callerOf: (record: VersionRecord) => Caller | undefined = () => undefined,
): Promise<void> {
  for (const { record } of indexed.added) {
    const caller = callerOf(record);
    const by = caller ? auditOf(caller) : recorded(record.landed_by);
    const told = caller ? {} : { repaired: true };
    const { version, commit, change_summary: summary, merge_request: id } = record;
    await appendAudit(em, {
      ...by,
      ...subjectOf(indexed),
      action: 'definition.landed',
      before: null,
      after: { version, commit, summary, ...told },
    });
    if (id !== null && indexed.merged.has(id)) {
      const { name, lab_id } = indexed.definition;
      const row = { id, definition: name, lab_id };
      await noteOf(em, by, row, 'merged', { state: 'open' }, { state: 'merged', version, ...told });
    }
    for (const { broken } of record.overrides) {
      if (broken === undefined) continue;
      await appendAudit(em, {
        ...by,
        ...subjectOf(indexed),
        action: 'definition.overridden',
        before: null,
        after: { version, ...broken, ...told },
      });
    }
  }
}

/** What the index had of a definition's state before it was brought up to git's. */
export type KnownState = Pick<Definition, 'lab_id' | 'is_public' | 'archived_at'> & Verdicts;

/**
 * An entry for a change of state that a crash kept from the trail: the state says what was changed, not who did.
 * Returns whether there was one.
 */
export async function auditMended(
  em: EntityManager,
  indexed: Indexed,
  known: KnownState,
): Promise<boolean> {
  const shown = ({ lab_id, is_public, archived_at, deprecated, revoked }: KnownState) => ({
    lab_id,
    is_public,
    archived_at: archived_at?.toISOString() ?? null,
    deprecated,
    revoked,
  });
  const before = shown(known);
  const after = shown({ ...indexed.definition, ...verdictsIn(indexed.state) });
  if (isDeepStrictEqual(before, after)) return false;
  await appendAudit(em, {
    ...recorded(null),
    ...subjectOf(indexed),
    action: 'definition.mended',
    before: before as never,
    after: after as never,
  });
  return true;
}

const verdictsIn = ({ deprecated, revoked }: DefinitionState): Verdicts => ({
  deprecated,
  revoked,
});

/** An entry for a change of the definition's state. */
export async function auditState(
  em: EntityManager,
  indexed: Indexed,
  caller: Caller,
  { action, before, after }: { action: AuditAction; before: object; after: object },
): Promise<void> {
  await appendAudit(em, {
    ...auditOf(caller),
    ...subjectOf(indexed),
    action,
    before: before as never,
    after: after as never,
  });
}

/** Of what is found done after a crash it is known who did it, at most. */
export const recorded = (by: { id: number; username: string } | null): By => ({
  actor_id: by?.id ?? null,
  actor: by?.username ?? 'registry',
  address: null,
  token_name: null,
});

function subjectOf({ definition }: Indexed) {
  return {
    subject_type: 'definition',
    subject_id: definition.id,
    subject: definition.name,
    lab_id: definition.lab_id,
  };
}
