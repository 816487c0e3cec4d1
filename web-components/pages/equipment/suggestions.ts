import { listDefinitions } from '../../data/definitions.ts';
import { listComputers } from '../../data/equipment.ts';
import type { Suggestion } from '../../elements/suggest.ts';

const SHOWN = 20;

export async function suggestDefinitions(q: string): Promise<Suggestion[]> {
  const { items } = await listDefinitions({ ...(q && { q }), per_page: SHOWN });
  return items.map(({ name, display_name }) => ({ value: name, label: display_name }));
}

/** Suggests computers of one lab, because an instrument can only be bound to computers of its own lab. */
export const suggestComputers = (lab_id: number) => async (q: string) => {
  const { items } = await listComputers({ ...(q && { q }), lab_id, per_page: SHOWN });
  return items.map(({ computer_name, nickname }): Suggestion => {
    return { value: computer_name, ...(nickname && { label: nickname }) };
  });
};
