/** Writes the audit trail. All entries are appended here, each in the transaction of the change that it records. */
import { isDeepStrictEqual } from 'node:util';
import type { DefinitionState, VersionRecord } from '../../definitions/record.ts';
import type { AuditAction, MergeRequestDone } from '../../schemas/audit-actions.ts';
import { appendAudit } from '../../store/audit.ts';
import type { Definition, MergeRequest } from '../../store/entities/index.ts';
import type { EntityManager } from '../../store/types.ts';
import type { Verdicts } from '../../store/versions.ts';
import { auditFieldsOf, type By, type Caller } from '../caller.ts';

/**
 * Records a change of a person, lab, token, instrument or other thing. `before` and `after` are the values that the API
 * shows. If `before` and `after` are equal, no entry is written.
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

/** Records a change of a definition or of one of its versions. */
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

/** Records a change of a merge request. */
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

/** What a landing or a repair added to the index of a definition. */
interface Indexed {
  definition: Pick<Definition, 'id' | 'name' | 'lab_id' | 'is_public' | 'archived_at'>;
  state: DefinitionState;
  added: readonly { record: VersionRecord }[];
  merged: ReadonlySet<number>;
}

/**
 * Writes the audit entries for each version that was added to the index: one for the landing, one for its merge
 * request, and one for each override. `callerOf` returns the caller of a version that has just landed. For a version
 * that was missing from the index after a crash, the person comes from the version's record.
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

/** The state of a definition in the index before a repair. */
export type KnownState = Pick<Definition, 'lab_id' | 'is_public' | 'archived_at'> & Verdicts;

/**
 * Records a change of state that has no audit entry because of a crash. The entry names nobody, because the state does
 * not show who changed it. Returns whether the state had changed.
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

/** Records a change of a definition's state. */
export const auditState = (
  em: EntityManager,
  { definition }: { definition: Indexed['definition']; state: DefinitionState },
  caller: Caller,
  { action, before, after }: { action: AuditAction; before: object; after: object },
): Promise<void> => auditDefinition(em, auditFieldsOf(caller), definition, action, before, after);

/** The actor for entries that repair writes: the recorded person, if there is one. Address and token are unknown. */
export const byRecorded = (person: { id: number; username: string } | null): By => ({
  actor_id: person?.id ?? null,
  actor: person?.username ?? 'registry',
  address: null,
  token_name: null,
});
