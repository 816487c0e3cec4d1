/** Reads the caller's own account. */
import { notFound } from '../../errors.ts';
import { identitiesOf } from '../../store/identities.ts';
import { listLabs } from '../../store/labs.ts';
import { findUser } from '../../store/users.ts';
import { type Caller, requirePerson } from '../caller.ts';
import type { PeopleDeps } from '../deps.ts';
import { showUser } from './users.ts';

export async function readOwn({ store }: PeopleDeps, caller: Caller) {
  const actor = requirePerson(caller);
  const em = store.em();
  const user = await findUser(em, actor.id);
  if (!user) throw notFound('user');
  const ids = [...actor.roles.keys()];
  const { items } = await listLabs(em, { ids, page: 1, perPage: Math.max(ids.length, 1) });
  return {
    user: showUser(user),
    has_password: user.password_hash !== null,
    password_expires_at: user.password_expires_at?.toISOString() ?? null,
    identities: (await identitiesOf(em, user.id)).map(({ issuer, created_at }) => ({
      issuer,
      linked_at: created_at.toISOString(),
    })),
    labs: items.map(({ id, code, name }) => ({
      lab_id: id,
      code,
      name,
      role: actor.roles.get(id) ?? ('viewer' as const),
    })),
    scope: actor.scope,
  };
}
