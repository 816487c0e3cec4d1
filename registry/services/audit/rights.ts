/** Which rights an audit entry may have changed. Pure. */
import type { AuditNews } from '../../store/audit.ts';

/** A person, a computer, everybody, or nobody. Without an id, everybody of the kind may be meant. */
export type RightsOf = { kind: 'user' | 'computer'; id: number | null } | 'everybody' | null;

/**
 * Whose rights may have changed with this entry: those of a person or computer (by id), everybody's, or
 * nobody's. Memberships, accounts, sessions, tokens and enrolments all write entries.
 */
export function rightsTouchedBy(entry: AuditNews): RightsOf {
  switch (entry.subject_type) {
    case 'user':
    case 'computer':
      return { kind: entry.subject_type, id: entry.subject_id };
    case 'token':
      return { kind: 'user', id: entry.actor_id };
    case 'lab':
      return isDisabled(entry.before) === isDisabled(entry.after) ? null : 'everybody';
    default:
      return null;
  }
}

/** A lab in an entry; a deleted lab gives nobody rights either. */
const isDisabled = (lab: AuditNews['before']): boolean =>
  (lab as { disabled?: boolean } | null)?.disabled !== false;
