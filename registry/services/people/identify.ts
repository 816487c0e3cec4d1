/** Finds the person or computer that a session or token belongs to. */
import type { Actor, Scope } from '../../access/decide.ts';
import { batchLookups } from '../../store/batch-lookups.ts';
import { computersByToken } from '../../store/computers.ts';
import type { User } from '../../store/entities/index.ts';
import { type LabRole, rolesOf } from '../../store/labs.ts';
import type { Store } from '../../store/open.ts';
import { findSessionUser } from '../../store/sessions.ts';
import { findTokenByHash } from '../../store/tokens.ts';
import type { EntityManager } from '../../store/types.ts';
import { COMPUTER_TOKEN_PREFIX, hashToken, TOKEN_PREFIX } from './secrets.ts';

/** The claims of a session token (a JWT). */
export interface SessionClaims {
  sub: string;
  /** The user's `session_epoch` at sign-in. A change of password raises this number, which ends all older sessions. */
  epoch: number;
  /** The id of the session. Signing out ends only the session with this id. */
  jti: string;
}

export interface Identity {
  actor: Actor;
  tokenName: string | null;
  /** When the session or token expires. Null if it never expires. */
  expires: Date | null;
}

/** The owner of a token, and when the token was last used. */
export interface TokenIdentity extends Identity {
  token: TokenUse;
}

/** The last use of a token. `id` is the id of a person's token or, for a computer's token, the id of the computer. */
export interface TokenUse {
  of: 'token' | 'computer';
  id: number;
  usedAt: Date | null;
}

export const looksLikeToken = (secret: string): boolean =>
  secret.startsWith(TOKEN_PREFIX) || secret.startsWith(COMPUTER_TOKEN_PREFIX);

/** The owner of a token: a person or a computer. Null if the token does not exist or was deleted. */
export async function identifyToken(store: Store, secret: string): Promise<TokenIdentity | null> {
  if (secret.startsWith(COMPUTER_TOKEN_PREFIX)) return await identifyComputer(store, secret);
  const found = await findTokenByHash(store.em(), hashToken(secret));
  if (!found) return null;
  const { id, name, scope, expires_at, last_used_at } = found.token;
  return {
    actor: actorWith(found.user, found.roles, scope),
    tokenName: name,
    expires: expires_at,
    token: { of: 'token', id, usedAt: last_used_at },
  };
}

const computerWith = batchLookups((store, hashes: readonly string[]) =>
  computersByToken(store.em(), hashes),
);

async function identifyComputer(store: Store, secret: string): Promise<TokenIdentity | null> {
  const found = await computerWith(store, hashToken(secret));
  if (!found) return null;
  const { id, computer_name: name, lab_id: labId, is_bench: isBench, last_seen } = found;
  return {
    actor: { kind: 'computer', id, name, labId, isBench },
    tokenName: null,
    expires: null,
    token: { of: 'computer', id, usedAt: last_seen },
  };
}

/** The owner of a session. Null if the session has ended. */
export async function identifySession(
  store: Store,
  { sub, epoch, jti, exp }: SessionClaims & { exp: number },
): Promise<Identity | null> {
  const em = store.em();
  const userId = Number(sub);
  if (!Number.isSafeInteger(userId) || typeof jti !== 'string') return null;
  const user = await findSessionUser(em, { userId, epoch, id: jti });
  if (!user) return null;
  return {
    actor: await actorOf(em, user, 'admin'),
    tokenName: null,
    expires: new Date(exp * 1000),
  };
}

export async function actorOf(em: EntityManager, user: User, scope: Scope): Promise<Actor> {
  return actorWith(user, await rolesOf(em, user.id), scope);
}

function actorWith(user: User, roles: readonly LabRole[], scope: Scope): Actor {
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
