import { listDefinitions } from '../../data/definitions.ts';
import { listComputers } from '../../data/equipment.ts';
import type { Suggestion } from '../../elements/suggest.ts';

const SHOWN = 20;

export async function suggestDefinitions(q: string): Promise<Suggestion[]> {
  const { items } = await listDefinitions({ ...(q && { q }), per_page: SHOWN });
  return items.map(({ name, display_name }) => ({ value: name, label: display_name }));
}

/** Of one lab: nothing is bound across labs. */
export const suggestComputers = (lab_id: number) => async (q: string) => {
  const { items } = await listComputers({ ...(q && { q }), lab_id, per_page: SHOWN });
  return items.map(({ computer_name, nickname }): Suggestion => {
    return { value: computer_name, ...(nickname && { label: nickname }) };
  });
};
