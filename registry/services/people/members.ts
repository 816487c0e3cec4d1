/** Who belongs to a lab, and as what. */
import { notFound, Problem } from '../../errors.ts';
import * as labs from '../../store/labs.ts';
import { findUser } from '../../store/users.ts';
import { type Caller, demand } from '../caller.ts';
import { note, type PageOf, type PeopleRooms } from '../definitions/note.ts';
import { labOr404 } from './labs.ts';

export async function listMembers(
  { store, rules }: PeopleRooms,
  caller: Caller,
  id: number,
  { page, per_page }: PageOf,
) {
  demand(caller, { on: 'lab', do: 'read', labId: id }, rules, 'lab');
  await labOr404(store.em(), id);
  const { items, total } = await labs.listMembers(store.em(), id, { page, perPage: per_page });
  return { items: items.map(showMember), total, page, per_page };
}

/** Makes somebody a member, or gives a member another role. */
export async function setMember(
  { store, rules }: PeopleRooms,
  caller: Caller,
  id: number,
  { user_id, role }: { user_id: number; role: 'viewer' | 'contributor' | 'admin' },
  expected: 'new' | 'member',
) {
  demand(caller, { on: 'lab', do: 'manage', labId: id }, rules, 'lab');
  return await store.transaction(async (em) => {
    await labOr404(em, id);
    const user = await findUser(em, user_id);
    if (!user) {
      throw new Problem('invalid', 'There is no such user.', [
        { path: 'user_id', message: 'there is no such user' },
      ]);
    }
    const before = (await labs.findMember(em, id, user_id)) ?? null;
    if (expected === 'new' && before) {
      throw new Problem(
        'conflict',
        `${user.username} is a member already; change the role with PUT.`,
      );
    }
    if (expected === 'member' && !before) throw notFound('member');
    await labs.setMember(em, id, user_id, role);
    const after = await labs.findMember(em, id, user_id);
    if (!after) throw new Error('a member that was just set is not there');
    await note(
      em,
      caller,
      before ? 'member.changed' : 'member.added',
      'user',
      user,
      id,
      before && { role: before.role },
      { role },
    );
    return showMember(after);
  });
}

export async function removeMember(
  { store, rules }: PeopleRooms,
  caller: Caller,
  id: number,
  userId: number,
): Promise<void> {
  demand(caller, { on: 'lab', do: 'manage', labId: id }, rules, 'lab');
  await store.transaction(async (em) => {
    const member = await labs.findMember(em, id, userId);
    if (!member) throw notFound('member');
    await labs.removeMember(em, id, userId);
    await note(em, caller, 'member.removed', 'user', member.user, id, { role: member.role }, null);
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
