/** What the groups that somebody has at the provider of single sign-on give them here. Pure. */
import type { Role } from './decide.ts';

/** What one group gives. Labs by their codes, in any case. */
export interface GroupGrant {
  labs?: Record<string, Role>;
  site_admin?: boolean;
}
/** By the names of groups. */
export type GroupRoles = Readonly<Record<string, GroupGrant>>;

export interface Granted {
  /** By code in lower case, each lab that any group names: the role there, or null for none. */
  labs: Map<string, Role | null>;
  /** Undefined where no group says anything of site admins. */
  siteAdmin: boolean | undefined;
}

const RANK: Record<Role, number> = { viewer: 1, contributor: 2, admin: 3 };

/**
 * Of several groups the highest role counts. What any group of the mapping names is decided by it alone, also
 * against somebody who is in none of them; of all else it says nothing.
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
