/** The labs that the signed-in user can see. */
import type { LabChange, NewLab, Role } from '../../registry/schemas/people.ts';
import { client } from './client.ts';
import { session } from './session.ts';

export type { Lab, LabChange, Member, Role } from '../../registry/schemas/people.ts';

export const listLabs = () => client.labs.list({ per_page: 500 });

/** The names of the labs by id; empty if nobody is signed in. */
export async function listLabNames(): Promise<ReadonlyMap<number, string>> {
  if (!session.me) return new Map();
  const { items } = await listLabs();
  return new Map(items.map(({ id, name }) => [id, name]));
}

export const readLab = (id: number) => client.labs.read(id);

/** Whether a save of the signed-in user in the lab (null: in no lab) becomes a version without review. */
export async function canLandDirectly(labId: number | null): Promise<boolean> {
  const { me } = session;
  const isAdmin =
    me?.user.is_admin || me?.labs.some(({ lab_id, role }) => lab_id === labId && role === 'admin');
  if (!isAdmin) return false;
  return labId === null || (await readLab(labId)).direct_landing === 'admins';
}

export const createLab = (lab: NewLab) => client.labs.create(lab);

/** Changes only the given fields. */
export const changeLab = (id: number, change: LabChange) => client.labs.change(id, change);

export const removeLab = (id: number) => client.labs.remove(id);

/** The first 500 members. The policy form offers them as owners and accounts. */
export const listMembers = (id: number) => client.labs.members(id, { per_page: 500 });

/** Adds a member by username or email address. Rejects with a problem if there is no such account. */
export const addMember = (id: number, name: string, role: Role) =>
  client.labs.addMember(id, name.includes('@') ? { email: name } : { username: name }, role);

export const changeMember = (id: number, userId: number, role: Role) =>
  client.labs.changeMember(id, userId, role);

export const removeMember = (id: number, userId: number) => client.labs.removeMember(id, userId);
