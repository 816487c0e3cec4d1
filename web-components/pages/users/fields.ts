/** The form fields of an account. */
import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/switch/switch.js';
import { html } from 'lit';
import type { NewUser, User } from '../../data/users.ts';

export const userFields = (user?: User) => html`<wa-input
    name="username"
    label="Username"
    hint="Letters, digits, dots, dashes and underscores"
    required
    maxlength="64"
    pattern="[A-Za-z0-9][A-Za-z0-9._\\-]*"
    autocapitalize="off"
    autocomplete="off"
    spellcheck="false"
    .defaultValue=${user?.username ?? ''}
  ></wa-input>
  <wa-input
    name="name"
    label="Name"
    required
    maxlength="200"
    autocomplete="off"
    .defaultValue=${user?.name ?? ''}
  ></wa-input>
  <wa-input
    name="email"
    type="email"
    label="Email"
    required
    maxlength="254"
    autocomplete="off"
    .defaultValue=${user?.email ?? ''}
  ></wa-input>
  <wa-switch
    name="is_admin"
    value="true"
    hint="Can do everything in every lab, and manage accounts"
    .defaultChecked=${user?.is_admin ?? false}
    >Site admin</wa-switch
  >`;

export const accountOf = (fields: FormData): Omit<NewUser, 'password'> => ({
  username: String(fields.get('username')).trim(),
  name: String(fields.get('name')).trim(),
  email: String(fields.get('email')).trim(),
  is_admin: fields.has('is_admin'),
});
