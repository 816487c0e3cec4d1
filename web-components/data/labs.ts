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

/**
 * Whether the signed-in user can land changes in a lab without review. Definitions without a lab have the `labId` null.
 */
export async function canLandDirectly(labId: number | null): Promise<boolean> {
  const { me } = session;
  const isAdmin =
    me?.user.is_admin || me?.labs.some(({ lab_id, role }) => lab_id === labId && role === 'admin');
  if (!isAdmin) return false;
  return labId === null || (await readLab(labId)).direct_landing === 'admins';
}

export const createLab = (lab: NewLab) => client.labs.create(lab);

/** Changes a lab. Fields that are not given keep their values. */
export const changeLab = (id: number, change: LabChange) => client.labs.change(id, change);

export const removeLab = (id: number) => client.labs.remove(id);

/** The first 500 members of a lab. The policy form offers members as owners and as accounts for checks. */
export const listMembers = (id: number) => client.labs.members(id, { per_page: 500 });

/** Adds a member by username or email address. Rejects with a problem if no account has that name or address. */
export const addMember = (id: number, name: string, role: Role) =>
  client.labs.addMember(id, name.includes('@') ? { email: name } : { username: name }, role);

export const changeMember = (id: number, userId: number, role: Role) =>
  client.labs.changeMember(id, userId, role);

export const removeMember = (id: number, userId: number) => client.labs.removeMember(id, userId);
