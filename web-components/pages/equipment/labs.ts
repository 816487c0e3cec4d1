/** The labs in which the user may manage equipment, and a field to choose one. */
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import { html, nothing } from 'lit';
import { type Lab, listLabs } from '../../data/labs.ts';
import type { SessionController } from '../../data/session.ts';

export async function managedLabs(session: SessionController): Promise<Lab[]> {
  if (!session.me) return [];
  const { items } = await listLabs();
  return items.filter(({ id }) => session.may('admin', id));
}

/** The field to choose a lab, or nothing if there is only one lab. */
export function labField(labs: readonly Lab[]) {
  const [first] = labs;
  if (labs.length < 2) return nothing;
  return html`<wa-select name="lab_id" label="Lab" required .value=${String(first?.id ?? '')}>
    ${labs.map(({ id, name }) => html`<wa-option value=${String(id)}>${name}</wa-option>`)}
  </wa-select>`;
}

export const labIdOf = (labs: readonly Lab[], fields: FormData): number =>
  Number(fields.get('lab_id')) || (labs[0]?.id ?? 0);
