/** Determines which people and computers may have other rights after an audit entry. Pure. */
import type { AuditNews } from '../../store/audit.ts';

/** A person or computer, everybody, or nobody (null). If `id` is null, any person or computer may be affected. */
export type RightsOf = { kind: 'user' | 'computer'; id: number | null } | 'everybody' | null;

/**
 * Returns whose rights the change in this entry may affect. Every change of a membership, account, session, token or
 * enrolment writes an entry, so the entries show all changes of rights.
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

/** Whether a lab in an entry is disabled. A deleted lab counts as disabled, because it gives nobody rights. */
const isDisabled = (lab: AuditNews['before']): boolean =>
  (lab as { disabled?: boolean } | null)?.disabled !== false;
