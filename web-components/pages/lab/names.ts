import '@awesome.me/webawesome/dist/components/option/option.js';
import { html } from 'lit';
import type { Member } from '../../data/labs.ts';

/** The name of the member with this id. The policy stores only ids. */
export function nameOf(members: readonly Member[], id: number): string {
  const member = members.find(({ user_id }) => user_id === id);
  return member ? member.name : `account ${id} (not a member)`;
}

/** Who must report a required check. */
export const reporterOf = (members: readonly Member[], account: number | '@bench'): string =>
  account === '@bench' ? 'any bench computer of the lab' : nameOf(members, account);

/** The options of a `wa-select`: the members, and former members whose ids the policy still contains. */
export function memberOptions(members: readonly Member[], named: readonly number[]) {
  const gone = named.filter((id) => members.every(({ user_id }) => user_id !== id));
  return [
    ...members.map(
      ({ user_id, name, username }) =>
        html`<wa-option value=${String(user_id)}>${name} (${username})</wa-option>`,
    ),
    ...gone.map((id) => html`<wa-option value=${String(id)}>${nameOf(members, id)}</wa-option>`),
  ];
}
