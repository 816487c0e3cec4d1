/** Whom somebody knows of, so that ids, which are numbers in a row, tell nobody's name. */
import { decide, labsSeenBy, type Rules } from '../../access/decide.ts';
import type { User } from '../../store/entities/index.ts';
import { membersAmong } from '../../store/labs.ts';
import type { EntityManager } from '../../store/types.ts';
import { usersById } from '../../store/users.ts';
import type { Caller } from '../caller.ts';

/** Of these accounts those that the caller sees: their own, the members of their labs; all of them for a site admin. */
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
