/** Labs that the signed-in person sees. */
import { client } from './client.ts';

export type { Lab } from '../../registry/schemas/people.ts';

export const listLabs = () => client.labs.list();

export const readLab = (id: number) => client.labs.read(id);
