/** Labs that the signed-in person sees. */
import type { LabChange, NewLab, Role } from '../../registry/schemas/people.ts';
import { client } from './client.ts';
import { session } from './session.ts';

export type { Lab, LabChange, Member, Role } from '../../registry/schemas/people.ts';

export const listLabs = () => client.labs.list({ per_page: 500 });

/** What labs are called, by id. Somebody who is not signed in sees none. */
export async function labNames(): Promise<ReadonlyMap<number, string>> {
  if (!session.me) return new Map();
  const { items } = await listLabs();
  return new Map(items.map(({ id, name }) => [id, name]));
}

export const readLab = (id: number) => client.labs.read(id);

/** Whether what the signed-in person saves in the lab (null: no lab's) becomes a version at once. */
export async function landsDirectly(labId: number | null): Promise<boolean> {
  const { me } = session;
  const isAdmin =
    me?.user.is_admin || me?.labs.some(({ lab_id, role }) => lab_id === labId && role === 'admin');
  if (!isAdmin) return false;
  return labId === null || (await readLab(labId)).direct_landing === 'admins';
}

export const createLab = (lab: NewLab) => client.labs.create(lab);

/** Changes the fields given. */
export const changeLab = (id: number, change: LabChange) => client.labs.change(id, change);

export const removeLab = (id: number) => client.labs.remove(id);

/** Everybody, as far as one answer goes: those that the policy can name are chosen from them. */
export const listMembers = (id: number) => client.labs.members(id, { per_page: 500 });

/** By username or address. Rejects with a problem where nobody has that. */
export const addMember = (id: number, name: string, role: Role) =>
  client.labs.addMember(id, name.includes('@') ? { email: name } : { username: name }, role);

export const changeMember = (id: number, userId: number, role: Role) =>
  client.labs.changeMember(id, userId, role);

export const removeMember = (id: number, userId: number) => client.labs.removeMember(id, userId);
