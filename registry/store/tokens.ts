import type { EntityDictionary } from '@mikro-orm/core';
import { emptyRow } from './columns.ts';
import { among, where } from './conditions.ts';
import { Token, type TokenScope, User } from './entities/index.ts';
import { type LabRole, rolesOfUser } from './labs.ts';
import type { EntityManager } from './types.ts';

export interface NewToken {
  user_id: number;
  name: string;
  scope: TokenScope;
  /** SHA-256 of the secret, in hexadecimal. */
  hash: string;
  hint: string;
  expires_at?: Date | null;
}

/** The token that a request came with, and its owner. */
export interface TokenOwner {
  token: Pick<Token, 'id' | 'name' | 'scope' | 'expires_at' | 'last_used_at'>;
  user: User;
  roles: LabRole[];
}

/** Throws `unique_violation` (`tokens_hash_key`), or `foreign_key_violation` if the user does not exist. */
export async function createToken(em: EntityManager, fields: NewToken): Promise<Token> {
  const token = em.create(Token, { ...emptyRow(em, Token), ...fields });
  await em.persist(token).flush();
  return token;
}

/**
 * Finds the token with this hash, its user and the user's roles, in one query. Returns null if the token is unknown or has
 * expired, or if the user is disabled.
 */
export async function findTokenByHash(em: EntityManager, hash: string): Promise<TokenOwner | null> {
  const [row] = await em.execute<EntityDictionary<User>[]>(
    `select u.*, t.id as token_id, t.name as token_name, t.scope, t.expires_at, t.last_used_at,
            ${rolesOfUser} as roles
       from tokens t join users u on u.id = t.user_id
      where t.hash = ? and not u.disabled and (t.expires_at is null or t.expires_at > now())`,
    [hash],
  );
  if (!row) return null;
  const { token_id, token_name, scope, expires_at, last_used_at, roles, ...user } = row;
  const token = { id: token_id, name: token_name, scope, expires_at, last_used_at };
  return {
    token: em.map(Token, token),
    user: em.map(User, user),
    roles: roles as LabRole[],
  };
}

/** The tokens of a user, newest first. */
export async function listTokens(em: EntityManager, userId: number): Promise<Token[]> {
  return em.find(Token, { user_id: userId }, { orderBy: { id: 'desc' } });
}

/** Deletes a token of a user. Returns false if the user has no such token. */
export async function deleteToken(em: EntityManager, userId: number, id: number): Promise<boolean> {
  return (await em.nativeDelete(Token, { id, user_id: userId })) > 0;
}

/** A time in the future comes from a clock that was set back since. */
const STALE = `last_used_at is null or last_used_at < now() - interval '1 minute' or last_used_at > now()`;

/** Updates `last_used_at`, at most once a minute. Locks rows in the order of their ids, so that processes cannot deadlock. */
export async function touchTokens(em: EntityManager, ids: readonly number[]): Promise<void> {
  const { sql, values } = where([among('id', ids), [STALE]]);
  await em.execute(
    `update tokens set last_used_at = now()
      where id in (select id from tokens ${sql} order by id for update)`,
    values,
    'run',
  );
}
