/** Decides which accounts a caller may see, so that nobody can find out names by trying one id after the other. */
import { decide, labsSeenBy, type Rules } from '../../access/decide.ts';
import type { User } from '../../store/entities/index.ts';
import { membersAmong } from '../../store/labs.ts';
import type { EntityManager } from '../../store/types.ts';
import { usersById } from '../../store/users.ts';
import type { Caller } from '../caller.ts';

/**
 * Selects the accounts that the caller may see: the caller's own account and the members of the caller's labs. A site
 * admin may see all accounts.
 */
export async function visibleAccounts(
  em: EntityManager,
  { actor }: Caller,
  rules: Rules,
  ids: readonly number[],
): Promise<Map<number, User>> {
  if (decide(actor, { on: 'site', do: 'manage' }, rules).allowed) return await usersById(em, ids);
  if (actor.kind !== 'user') return new Map();
  const known = await membersAmong(em, labsSeenBy(actor) ?? [], ids);
  return await usersById(em, [...known, ...ids.filter((id) => id === actor.id)]);
}
