/** The form fields of a member. */
import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/radio/radio.js';
import '@awesome.me/webawesome/dist/components/radio-group/radio-group.js';
import { html } from 'lit';
import type { Role } from '../../data/labs.ts';
import { session } from '../../data/session.ts';
import { listUsers } from '../../data/users.ts';
import '../../elements/suggest.ts';
import type { Suggestion } from '../../elements/suggest.ts';

const ROLES: Record<Role, string> = {
  viewer: 'see and clone the approved definitions of the lab',
  contributor: 'also propose changes and comment on them',
  admin: 'also approve and land changes, and manage members, instruments and computers',
};

/** The field for the account. Site admins can search for accounts. Lab admins must know the exact name. */
export const usernameField = () =>
  session.me?.user.is_admin
    ? html`<registry-suggest
        name="username"
        label="Username"
        required
        .find=${suggestUsers}
      ></registry-suggest>`
    : html`<wa-input
        name="username"
        label="Username or email address"
        hint="Exactly as on their page “Your account”"
        required
        autocapitalize="off"
        autocomplete="off"
        spellcheck="false"
      ></wa-input>`;

async function suggestUsers(q: string): Promise<Suggestion[]> {
  const { items } = await listUsers({ ...(q && { q }), per_page: 20 });
  return items
    .filter(({ disabled }) => !disabled)
    .map(({ username, name }) => ({ value: username, label: name }));
}

export const roleField = (
  chosen: Role,
) => html`<wa-radio-group name="role" label="Role" .value=${chosen}>
  ${Object.entries(ROLES).map(
    ([role, may]) => html`<wa-radio value=${role}><strong>${role}</strong>: ${may}</wa-radio>`,
  )}
</wa-radio-group>`;

export const roleOf = (fields: FormData) => String(fields.get('role')) as Role;
