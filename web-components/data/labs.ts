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
