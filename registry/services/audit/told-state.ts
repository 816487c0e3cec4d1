/** What the audit trail tells of the state of a definition. */
import type { Verdict } from '../../definitions/record.ts';
import type { AuditAction } from '../../schemas/audit-actions.ts';
import { streamAudit } from '../../store/audit.ts';
import type { EntityManager } from '../../store/types.ts';
import type { KnownState } from './entries.ts';

/** The `after` of these entries has fields of the state. */
const OF_STATE: ReadonlySet<string> = new Set<AuditAction>([
  'definition.moved',
  'definition.archived',
  'definition.restored',
  'definition.mended',
]);
const OF_VERSIONS: ReadonlySet<string> = new Set<AuditAction>([
  'version.deprecated',
  'version.revoked',
  'version.reinstated',
]);

type Fields = Partial<Omit<KnownState, 'archived_at'>> & { archived_at?: string | null };
interface Judged {
  version: number;
  deprecated: Verdict | null;
  revoked: Verdict | null;
}

/** Follows the entries of a definition. `first` is the state in which it was created, which no entry tells. */
export async function toldState(
  em: EntityManager,
  id: number,
  first: KnownState,
): Promise<KnownState> {
  let told = first;
  for await (const { action, after } of streamAudit(em, {
    subject_type: 'definition',
    subject_id: id,
  })) {
    if (OF_STATE.has(action)) told = withFields(told, after as Fields);
    else if (OF_VERSIONS.has(action)) told = withVerdicts(told, after as unknown as Judged);
  }
  return told;
}

const withFields = (told: KnownState, { archived_at, ...fields }: Fields): KnownState => ({
  ...told,
  ...fields,
  ...(archived_at !== undefined && {
    archived_at: archived_at === null ? null : new Date(archived_at),
  }),
});

const withVerdicts = (told: KnownState, { version, deprecated, revoked }: Judged): KnownState => ({
  ...told,
  deprecated: withVerdict(told.deprecated, version, deprecated),
  revoked: withVerdict(told.revoked, version, revoked),
});

function withVerdict(
  verdicts: Record<string, object>,
  version: number,
  verdict: Verdict | null,
): Record<string, object> {
  const { [version]: _, ...others } = verdicts;
  return verdict === null ? others : { ...others, [version]: verdict };
}
