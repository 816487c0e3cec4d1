import { Identity, User } from './entities/index.ts';
import type { EntityManager } from './types.ts';

export interface IdentityKey {
  issuer: string;
  subject: string;
}

/** The account that is somebody's at a provider, or null. */
export async function findUserByIdentity(
  em: EntityManager,
  { issuer, subject }: IdentityKey,
): Promise<User | null> {
  const [row] = await em.execute(
    `select u.* from identities i join users u on u.id = i.user_id
      where i.issuer = ? and i.subject = ?`,
    [issuer, subject],
  );
  return row ? em.map(User, row as never) : null;
}

/** Who an account is at which provider, the first that was linked first. */
export async function identitiesOf(em: EntityManager, userId: number): Promise<Identity[]> {
  return await em.find(Identity, { user_id: userId }, { orderBy: { id: 'asc' } });
}

/** Throws `unique_violation` (`identities_issuer_subject_key`) where it is an account's already. */
export async function createIdentity(
  em: EntityManager,
  userId: number,
  { issuer, subject }: IdentityKey,
): Promise<void> {
  await em.persist(em.create(Identity, { user_id: userId, issuer, subject })).flush();
}
