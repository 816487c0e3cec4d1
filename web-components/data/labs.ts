/** Labs that the signed-in person sees. */
import { client } from './client.ts';
import { session } from './session.ts';

export type { Lab } from '../../registry/schemas/people.ts';

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
