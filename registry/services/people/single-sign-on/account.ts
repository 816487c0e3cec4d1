/** Finds or creates the account for a person at the provider, and gives it the roles of the person's groups. */
import { type Granted, grantedBy } from '../../../access/groups.ts';
import { Problem } from '../../../errors.ts';
import type { SingleSignOn } from '../../../single-sign-on.ts';
import type { User } from '../../../store/entities/index.ts';
import { StoreError } from '../../../store/errors.ts';
import { createIdentity, findUserByIdentity } from '../../../store/identities.ts';
import * as labs from '../../../store/labs.ts';
import type { Store } from '../../../store/open.ts';
import type { EntityManager } from '../../../store/types.ts';
import * as users from '../../../store/users.ts';
import { auditChange } from '../../audit/entries.ts';
import { authorize, type Caller, OPERATOR } from '../../caller.ts';
import type { PeopleDeps } from '../../deps.ts';
import { actorOf } from '../identify.ts';
import { auditSignIn } from '../sessions.ts';
import { showUser } from '../users.ts';
import { type Claims, groupsOf, type Profile, profileOf } from './profile.ts';

/** An account that will be linked to the provider. The owner is signed in to the account and has asked for the link. */
export interface Link {
  userId: number;
  sessionEpoch: number;
}

/**
 * The link for the caller's own account. Throws `unauthenticated`, and `forbidden` if the caller may not change the
 * account.
 */
export async function linkOf({ store, rules }: PeopleDeps, caller: Caller): Promise<Link> {
  const { actor } = caller;
  const user = actor.kind === 'user' ? await users.findUser(store.em(), actor.id) : null;
  if (!user) throw new Problem('unauthenticated', 'Sign in to the account first.');
  authorize(caller, { on: 'account', do: 'change', id: user.id }, rules, 'user');
  return { userId: user.id, sessionEpoch: user.session_epoch };
}

export interface Entered {
  user: User;
  /** Roles of the mapping that could not be given, as texts for the log. */
  warnings: string[];
}

/**
 * Finds, links or creates the account, updates its roles from the person's groups, and audits the sign-in, all in one
 * transaction. Throws `forbidden` for a disabled account, and `conflict` if another account is already linked.
 */
export async function signInAs(
  store: Store,
  { groupRoles, groupsClaim }: SingleSignOn,
  address: string,
  claims: Claims,
  link: Link | undefined,
): Promise<Entered> {
  const profile = profileOf(claims);
  const granted = groupRoles && grantedBy(groupRoles, groupsOf(claims, groupsClaim));
  return await retryIfTaken(() =>
    store.transaction(async (em) => {
      const known = await findUserByIdentity(em, profile);
      const registry = { ...OPERATOR, address };
      const user = link
        ? await linkAccount(em, address, profile, link, known)
        : (known ?? (await createAccount(em, registry, profile)));
      if (user.disabled) {
        throw new Problem('forbidden', 'Your account here is disabled. Ask a site admin.');
      }
      const warnings = granted ? await grant(em, registry, user, granted, profile.issuer) : [];
      await auditSignIn(em, address, user, { by: profile.issuer });
      return { user, warnings };
    }),
  );
}

/**
 * Repeats the work if the username or identity was taken in the meantime: by the same person in a second browser, or by
 * another new person.
 */
async function retryIfTaken<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const taken = error instanceof StoreError && error.code === 'unique_violation';
      if (!taken || tries === 3) throw error;
    }
  }
}

/** Creates an account without a password. If the username or address is taken, the new account gets another one. */
async function createAccount(em: EntityManager, caller: Caller, profile: Profile): Promise<User> {
  const username = await users.freeUsername(em, profile.username);
  const { email } = profile;
  // An account with the same address may belong to another person. So an existing account is linked only if its owner signs
  // in to it and asks for the link.
  const isFree = email !== null && !(await users.isAddressTaken(em, email));
  const user = await users.createUser(em, {
    username,
    name: profile.name,
    email: isFree ? email : `${username}@registry.invalid`,
  });
  await createIdentity(em, user.id, profile);
  const after = { ...showUser(user), identity: identityOf(profile) };
  await auditChange(em, caller, 'user.created', 'user', user, null, null, after);
  return user;
}

async function linkAccount(
  em: EntityManager,
  address: string,
  profile: Profile,
  { userId, sessionEpoch }: Link,
  known: User | null,
): Promise<User> {
  if (known && known.id !== userId) {
    throw new Problem(
      'conflict',
      `You have signed in through this provider before, as ${known.username}. The account ${known.username} stays linked to the provider.`,
    );
  }
  const user = known ?? (await users.findUser(em, userId));
  if (!user || user.session_epoch !== sessionEpoch) {
    throw new Problem('unauthenticated', 'Your session has ended. Sign in and try again.');
  }
  if (known) return known;
  await createIdentity(em, user.id, profile);
  const caller = { actor: await actorOf(em, user, 'admin'), address, tokenName: null };
  await auditChange(em, caller, 'user.linked', 'user', user, null, null, identityOf(profile));
  return user;
}

const identityOf = ({ issuer, subject }: Profile) => ({ issuer, subject });

/** Applies the mapping. Locks the account before its memberships, because a landing locks them in this order too. */
async function grant(
  em: EntityManager,
  caller: Caller,
  user: User,
  granted: Granted,
  by: string,
): Promise<string[]> {
  const warnings = await grantSiteAdmin(em, caller, user, granted, by);
  return [...(await grantRoles(em, caller, user, granted, by)), ...warnings];
}

async function grantSiteAdmin(
  em: EntityManager,
  caller: Caller,
  user: User,
  { siteAdmin }: Granted,
  by: string,
): Promise<string[]> {
  if (siteAdmin === undefined || siteAdmin === user.is_admin) return [];
  if (!siteAdmin && (await users.countAdmins(em)) === 1) {
    return [`${user.username} stays a site admin, because there is no other one`];
  }
  const before = showUser(user);
  const changed = await users.updateUser(em, user.id, { is_admin: siteAdmin });
  if (!changed) throw new Error('an account that was just found is not there');
  const after = { ...showUser(changed), by };
  await auditChange(em, caller, 'user.changed', 'user', user, null, before, after);
  return [];
}

async function grantRoles(
  em: EntityManager,
  caller: Caller,
  user: User,
  granted: Granted,
  by: string,
): Promise<string[]> {
  const warnings: string[] = [];
  const known = await labs.labsByCode(em, [...granted.labs.keys()]);
  const held = await labs.membershipsOf(em, user.id);
  for (const [code, role] of granted.labs) {
    const lab = known.get(code);
    if (!lab) {
      warnings.push(`there is no lab ${code}`);
      continue;
    }
    const before = held.get(lab.id) ?? null;
    if (before === role) continue;
    if (role) await labs.setMember(em, lab.id, user.id, role);
    else await labs.removeMember(em, lab.id, user.id);
    const what = !before ? 'member.added' : role ? 'member.changed' : 'member.removed';
    await auditChange(
      em,
      caller,
      what,
      'user',
      user,
      lab.id,
      before && { role: before },
      role && { role, by },
    );
  }
  return warnings;
}
