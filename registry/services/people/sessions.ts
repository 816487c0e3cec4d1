/** Signs people in and out. Both write audit entries. A failed sign-in writes no entry, because it changes nothing. */
import { Problem } from '../../errors.ts';
import type { User } from '../../store/entities/index.ts';
import type { Store } from '../../store/open.ts';
import { endSession } from '../../store/sessions.ts';
import type { EntityManager } from '../../store/types.ts';
import { findUserByName } from '../../store/users.ts';
import { auditChange } from '../audit/entries.ts';
import { actorOf, identifySession, type SessionClaims } from './identify.ts';
import { passwordFits } from './password.ts';
import type { Throttle } from './throttle.ts';

export interface SessionDeps {
  store: Store;
  throttle: Throttle;
}

/**
 * Signs a user in. Throws `bad_credentials` with the same message for a wrong name and a wrong password, and
 * `too_many_attempts` if this name was tried too often from this address.
 */
export async function signIn(
  { store, throttle }: SessionDeps,
  address: string,
  { username, password }: { username: string; password: string },
): Promise<User> {
  const user = await findUserByName(store.em(), username.replaceAll('\0', ''));
  if (!(await passwordFits(throttle, address, user, { username, password })) || !user) {
    throw new Problem(
      'bad_credentials',
      'There is no account with this username and password. If you have lost the password, ask a site admin for a new one.',
    );
  }
  requireUsable(user);
  await store.transaction((em) => auditSignIn(em, address, user, {}));
  return user;
}

/**
 * Throws if a generated password has expired. Generated passwords are printed or passed on, so they are valid for a day.
 * The password itself is checked first, so only people who know the password learn that it has expired.
 */
function requireUsable({ username, password_expires_at }: User): void {
  if (password_expires_at === null || password_expires_at > new Date()) return;
  throw new Problem(
    'bad_credentials',
    `This generated password expired at ${password_expires_at.toISOString()}. Generate a new password on the machine of the registry: registry user password ${username}`,
  );
}

/** Writes the audit entry for a sign-in. `how` names the method if it was not a password. */
export async function auditSignIn(em: EntityManager, address: string, user: User, how: object) {
  const caller = { actor: await actorOf(em, user, 'admin'), address, tokenName: null };
  await auditChange(em, caller, 'session.started', 'user', user, null, null, how);
}

/** Ends one session. Does nothing if the session has already ended. */
export async function signOut(
  store: Store,
  address: string,
  claims: SessionClaims & { exp: number },
): Promise<void> {
  const identity = await identifySession(store, claims);
  if (identity?.actor.kind !== 'user') return;
  const { actor } = identity;
  await store.transaction(async (em) => {
    await endSession(em, claims.jti, new Date(claims.exp * 1000));
    await auditChange(em, { ...identity, address }, 'session.ended', 'user', actor, null, {}, null);
  });
}
