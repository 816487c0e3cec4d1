/** From what a caller presents (a session, a token, a password) to who they are. */
import type { Actor } from '../access/decide.ts';
import { Problem } from '../errors.ts';
import type { User } from '../store/entities/index.ts';
import { rolesOf } from '../store/labs.ts';
import type { Store } from '../store/open.ts';
import { findTokenByHash, touchToken } from '../store/tokens.ts';
import type { EntityManager } from '../store/types.ts';
import { findUser, findUserByName } from '../store/users.ts';
import { hashToken, TOKEN_PREFIX, verifyPassword } from './secrets.ts';

/** What a session token (a JWT) says. */
export interface SessionClaims {
  sub: string;
  /** The user's `session_epoch` when it was made; a password change raises it and so ends the session. */
  epoch: number;
}

export interface Identity {
  actor: Actor;
  tokenName: string | null;
}

export const looksLikeToken = (secret: string): boolean => secret.startsWith(TOKEN_PREFIX);

/** Who a token belongs to, or null where there is no such token (any more). */
export async function identifyToken(store: Store, secret: string): Promise<Identity | null> {
  const em = store.em();
  const found = await findTokenByHash(em, hashToken(secret));
  if (!found) return null;
  await touchToken(em, found.token);
  return {
    actor: await actorOf(em, found.user, found.token.scope),
    tokenName: found.token.name,
  };
}

/** Who a session belongs to, or null where it has ended. */
export async function identifySession(
  store: Store,
  { sub, epoch }: SessionClaims,
): Promise<Identity | null> {
  const em = store.em();
  const id = Number(sub);
  const user = Number.isSafeInteger(id) ? await findUser(em, id) : null;
  if (!user || user.disabled || user.session_epoch !== epoch) return null;
  return { actor: await actorOf(em, user, 'admin'), tokenName: null };
}

/** The user of these credentials. Throws `bad_credentials`, the same for every reason. */
export async function signIn(store: Store, username: string, password: string): Promise<User> {
  const user = await findUserByName(store.em(), username.replaceAll('\0', ''));
  const right = await verifyPassword(user?.password_hash, password);
  if (!user || !right || user.disabled) {
    throw new Problem(
      'bad_credentials',
      'There is no account with this username and password. Ask a site admin for a new password if you have lost it.',
    );
  }
  return user;
}

async function actorOf(
  em: EntityManager,
  user: User,
  scope: 'read' | 'write' | 'admin',
): Promise<Actor> {
  const roles = await rolesOf(em, user.id);
  return {
    kind: 'user',
    id: user.id,
    username: user.username,
    name: user.name,
    email: user.email,
    isAdmin: user.is_admin,
    roles: new Map(roles.map(({ lab_id, role }) => [lab_id, role])),
    scope,
  };
}
