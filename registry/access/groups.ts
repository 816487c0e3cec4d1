/** The roles that a user's groups at the single sign-on provider give. Pure. */
import type { Role } from './decide.ts';

/** The rights that one group gives. Labs by their codes, case ignored. */
export interface GroupGrant {
  labs?: Record<string, Role>;
  site_admin?: boolean;
}
/** By the names of groups. */
export type GroupRoles = Readonly<Record<string, GroupGrant>>;

export interface Granted {
  /** Each lab that any group names, by its code in lower case: the role there, or null for none. */
  labs: Map<string, Role | null>;
  /** Undefined if no group decides on site admins. */
  siteAdmin: boolean | undefined;
}

const RANK: Record<Role, number> = { viewer: 1, contributor: 2, admin: 3 };

/**
 * The highest role of several groups counts. The mapping alone decides on every lab that it names, also for users who are
 * in none of its groups. It does not decide on anything else.
 */
export function grantedBy(mapping: GroupRoles, groups: readonly string[]): Granted {
  const labs: Granted['labs'] = new Map();
  let siteAdmin: boolean | undefined;
  for (const [group, grant] of Object.entries(mapping)) {
    const member = groups.includes(group);
    for (const [code, role] of Object.entries(grant.labs ?? {})) {
      const lab = code.toLowerCase();
      const known = labs.get(lab) ?? null;
      labs.set(lab, member ? higher(known, role) : known);
    }
    if (grant.site_admin !== undefined) siteAdmin = siteAdmin || (member && grant.site_admin);
  }
  return { labs, siteAdmin };
}

const higher = (a: Role | null, b: Role): Role => (a !== null && RANK[a] > RANK[b] ? a : b);
