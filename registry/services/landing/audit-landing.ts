/** What the audit trail keeps of landings. */
import { isDeepStrictEqual } from 'node:util';
import type { DefinitionState, VersionRecord } from '../../definitions/record.ts';
import { appendAudit } from '../../store/audit.ts';
import type { Definition } from '../../store/entities/index.ts';
import type { EntityManager } from '../../store/types.ts';
import type { Verdicts } from '../../store/versions.ts';
import { auditOf, type Caller } from '../caller.ts';
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
    ...recorded({ landed_by: null }),
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

function recorded({ landed_by }: Pick<VersionRecord, 'landed_by'>) {
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
