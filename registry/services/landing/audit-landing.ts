/** The audit entries of landings. */
import { isDeepStrictEqual } from 'node:util';
import type { DefinitionState, VersionRecord } from '../../definitions/record.ts';
import type { AuditAction } from '../../schemas/audit-actions.ts';
import type { Definition } from '../../store/entities/index.ts';
import type { EntityManager } from '../../store/types.ts';
import type { Verdicts } from '../../store/versions.ts';
import { auditDefinition, auditMergeRequest } from '../audit/entries.ts';
import { auditFieldsOf, type By, type Caller } from '../caller.ts';
import type { Indexed } from './index-repository.ts';

/**
 * For each version that the index did not have: an entry that it landed, one for its merge request, and one for each
 * override. `callerOf` returns who has just landed it. For a version that an earlier landing or a crash left out of the
 * index, its own record names the person.
 */
export async function auditLanded(
  em: EntityManager,
  indexed: Indexed,
  callerOf: (record: VersionRecord) => Caller | undefined = () => undefined,
): Promise<void> {
  const { definition } = indexed;
  for (const { record } of indexed.added) {
    const caller = callerOf(record);
    const by = caller ? auditFieldsOf(caller) : byRecorded(record.landed_by);
    const how = caller ? {} : { repaired: true };
    const { version, commit, change_summary: summary, merge_request: id } = record;
    const landed = { version, commit, summary, ...how };
    await auditDefinition(em, by, definition, 'definition.landed', null, landed);
    if (id !== null && indexed.merged.has(id)) {
      const row = { id, definition: definition.name, lab_id: definition.lab_id };
      const merged = { state: 'merged', version, ...how };
      await auditMergeRequest(em, by, row, 'merged', { state: 'open' }, merged);
    }
    for (const { broken } of record.overrides) {
      if (broken === undefined) continue;
      const overridden = { version, ...broken, ...how };
      await auditDefinition(em, by, definition, 'definition.overridden', null, overridden);
    }
  }
}

/** A definition's state as the index had it before a repair. */
export type KnownState = Pick<Definition, 'lab_id' | 'is_public' | 'archived_at'> & Verdicts;

/**
 * An entry for a change of state whose entry was lost in a crash. The state says what changed, but not who changed it.
 * Returns whether there was such a change.
 */
export async function auditRepairedState(
  em: EntityManager,
  { definition, state }: Indexed,
  known: KnownState,
): Promise<boolean> {
  const { deprecated, revoked } = state;
  const before = fieldsOf(known);
  const after = fieldsOf({ ...definition, deprecated, revoked });
  if (isDeepStrictEqual(before, after)) return false;
  await auditDefinition(em, byRecorded(null), definition, 'definition.mended', before, after);
  return true;
}

const fieldsOf = ({ lab_id, is_public, archived_at, deprecated, revoked }: KnownState) => ({
  lab_id,
  is_public,
  archived_at: archived_at?.toISOString() ?? null,
  deprecated,
  revoked,
});

/** An entry for a change of the definition's state. */
export const auditState = (
  em: EntityManager,
  { definition }: { definition: Indexed['definition']; state: DefinitionState },
  caller: Caller,
  { action, before, after }: { action: AuditAction; before: object; after: object },
): Promise<void> => auditDefinition(em, auditFieldsOf(caller), definition, action, before, after);

/** Who did something that is found after a crash: the recorded person, if any, without an address or a token. */
export const byRecorded = (person: { id: number; username: string } | null): By => ({
  actor_id: person?.id ?? null,
  actor: person?.username ?? 'registry',
  address: null,
  token_name: null,
});
