/** Lists, adds, changes and removes the members of a lab. */
import type { Rules } from '../../access/decide.ts';
import { notFound, Problem } from '../../errors.ts';
import type { PageOf } from '../../schemas/common.ts';
import type { NewMember, Role } from '../../schemas/people.ts';
import type { User } from '../../store/entities/index.ts';
import * as labs from '../../store/labs.ts';
import type { EntityManager } from '../../store/types.ts';
import { findUserByEmail, findUserByName } from '../../store/users.ts';
import { auditChange } from '../audit/entries.ts';
import { authorize, type Caller } from '../caller.ts';
import type { PeopleDeps } from '../deps.ts';
import { answerPage, splitPage } from '../pages.ts';
import { labOr404 } from './labs.ts';
import { visibleAccounts } from './visible-accounts.ts';

export async function listMembers(
  { store, rules }: PeopleDeps,
  caller: Caller,
  id: number,
  query: PageOf,
) {
  authorize(caller, { on: 'lab', do: 'read', labId: id }, rules, 'lab');
  await labOr404(store.em(), id);
  const { page } = splitPage(query);
  const found = await labs.listMembers(store.em(), id, page);
  return answerPage(page, found, found.items.map(showMember));
}

interface Membership {
  user_id: number;
  role: Role;
}

/**
 * Adds a member to a lab. Throws `invalid` if the account does not exist or if the caller may not see it, with the same
 * message for both.
 */
export async function addMember(
  { store, rules }: PeopleDeps,
  caller: Caller,
  id: number,
  { role, ...who }: NewMember,
) {
  authorize(caller, { on: 'lab', do: 'manage', labId: id }, rules, 'lab');
  return await store.transaction(async (em) => {
    await labOr404(em, id);
    const user = await findAccount(em, caller, rules, who);
    if (await labs.findMember(em, id, user.id)) {
      throw new Problem(
        'conflict',
        `${user.username} is already a member. Change the role with PUT.`,
      );
    }
    await labs.setMember(em, id, user.id, role);
    await auditChange(em, caller, 'member.added', 'user', user, id, null, { role });
    return await readMember(em, id, user.id);
  });
}

/** Changes the role of a member. Throws `not_found` if the account is not a member of the lab. */
export async function changeMember(
  { store, rules }: PeopleDeps,
  caller: Caller,
  id: number,
  { user_id, role }: Membership,
) {
  authorize(caller, { on: 'lab', do: 'manage', labId: id }, rules, 'lab');
  return await store.transaction(async (em) => {
    const before = await labs.findMember(em, id, user_id, 'to change');
    if (!before) throw notFound('member');
    await labs.setMember(em, id, user_id, role);
    const { user } = before;
    await auditChange(
      em,
      caller,
      'member.changed',
      'user',
      user,
      id,
      { role: before.role },
      { role },
    );
    return await readMember(em, id, user_id);
  });
}

/** Finds an account by its full username, by its e-mail address, or by its id if the caller may see it. */
async function findAccount(
  em: EntityManager,
  caller: Caller,
  rules: Rules,
  who: Omit<NewMember, 'role'>,
): Promise<User> {
  const [[path, given] = [], ...more] = Object.entries(who);
  if (path === undefined || more.length > 0) {
    throw new Problem(
      'invalid',
      'Identify the account by exactly one of username, email and user_id.',
      [{ path: path ?? 'username', message: 'give one of username, email and user_id' }],
    );
  }
  const user =
    path === 'user_id'
      ? (await visibleAccounts(em, caller, rules, [Number(given)])).get(Number(given))
      : path === 'email'
        ? await findUserByEmail(em, String(given))
        : await findUserByName(em, String(given));
  if (user) return user;
  const message = 'there is no such account, or you cannot see it';
  throw new Problem(
    'invalid',
    `${path}: ${message}. Use the full username or the email address. The person finds both on the page "Your account".`,
    [{ path, message }],
  );
}

async function readMember(em: EntityManager, id: number, userId: number) {
  const member = await labs.findMember(em, id, userId);
  if (!member) throw new Error('a member that was just set is not there');
  return showMember(member);
}

export async function removeMember(
  { store, rules }: PeopleDeps,
  caller: Caller,
  id: number,
  userId: number,
): Promise<void> {
  authorize(caller, { on: 'lab', do: 'manage', labId: id }, rules, 'lab');
  await store.transaction(async (em) => {
    const member = await labs.findMember(em, id, userId, 'to change');
    if (!member) throw notFound('member');
    await labs.removeMember(em, id, userId);
    await auditChange(
      em,
      caller,
      'member.removed',
      'user',
      member.user,
      id,
      { role: member.role },
      null,
    );
  });
}

function showMember({ user, role, created_at }: labs.Member) {
  return {
    user_id: user.id,
    username: user.username,
    name: user.name,
    role,
    created_at: created_at.toISOString(),
  };
}
