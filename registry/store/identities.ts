import { Identity, User } from './entities/index.ts';
import type { EntityManager } from './types.ts';

export interface IdentityKey {
  issuer: string;
  subject: string;
}

/** Finds the account that is linked to an identity at a provider of single sign-on. */
export async function findUserByIdentity(
  em: EntityManager,
  { issuer, subject }: IdentityKey,
): Promise<User | null> {
  const [row] = await em.execute(
    `select u.* from identities i join users u on u.id = i.user_id
      where i.issuer = ? and i.subject = ?`,
    [issuer, subject],
  );
  return row ? em.map(User, row) : null;
}

/** The identities of an account, in the order in which they were linked. */
export async function identitiesOf(em: EntityManager, userId: number): Promise<Identity[]> {
  return await em.find(Identity, { user_id: userId }, { orderBy: { id: 'asc' } });
}

/** Throws `unique_violation` (`identities_issuer_subject_key`) if the identity is already linked to an account. */
export async function createIdentity(
  em: EntityManager,
  userId: number,
  { issuer, subject }: IdentityKey,
): Promise<void> {
  await em.persist(em.create(Identity, { user_id: userId, issuer, subject })).flush();
}
