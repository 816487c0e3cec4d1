/** Computes a user's roles from the user's groups at the single sign-on provider. Pure. */
import type { Role } from './decide.ts';

/** The rights that one group gives. The keys of `labs` are the codes of labs, in upper or lower case. */
export interface GroupGrant {
  labs?: Record<string, Role>;
  site_admin?: boolean;
}
/** The rights of each group. The keys are the names of groups. */
export type GroupRoles = Readonly<Record<string, GroupGrant>>;

export interface Granted {
  /** The role in each lab that the mapping names, by the lab's code in lower case. Null means no role. */
  labs: Map<string, Role | null>;
  /** Undefined if the mapping does not say who is a site admin. */
  siteAdmin: boolean | undefined;
}

const RANK: Record<Role, number> = { viewer: 1, contributor: 2, admin: 3 };

/**
 * If several groups give a role in one lab, the highest role counts. For each lab in the mapping, the mapping alone
 * decides the role, even of users who are in none of its groups. Roles in other labs are left alone.
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
