/** The form fields of a new token. */
import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/radio/radio.js';
import '@awesome.me/webawesome/dist/components/radio-group/radio-group.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import { html } from 'lit';
import type { NewToken } from '../../data/tokens.ts';

const SCOPES: Record<NewToken['scope'], string> = {
  read: 'list, read and clone',
  write: 'also do everything that you may do with definitions and reviews',
  admin: 'also manage the labs, people and equipment that you may manage',
};

const DAY = 24 * 3600 * 1000;
const EXPIRY: Record<string, string> = {
  30: 'in 30 days',
  90: 'in 90 days',
  365: 'in 1 year',
  0: 'never',
};

export const tokenFields = () => html`<wa-input
    name="name"
    label="Name"
    hint="Where you use the token, for example “laptop” or “test run”"
    required
    maxlength="100"
  ></wa-input>
  <wa-radio-group name="scope" label="Scope" .value=${'write'}>
    ${Object.entries(SCOPES).map(([scope, may]) => html`<wa-radio value=${scope}><strong>${scope}</strong>: ${may}</wa-radio>`)}
  </wa-radio-group>
  <wa-select name="lasts" label="Expires" .value=${'90'}>
    ${Object.entries(EXPIRY).map(([days, label]) => html`<wa-option value=${days}>${label}</wa-option>`)}
  </wa-select>`;

/** The token to create, from the form fields. `now` is in milliseconds since 1970. */
export function tokenOf(fields: FormData, now: number): NewToken {
  const days = Number(fields.get('lasts'));
  return {
    name: String(fields.get('name')).trim(),
    scope: String(fields.get('scope')) as NewToken['scope'],
    ...(days > 0 && { expires_at: new Date(now + days * DAY).toISOString() }),
  };
}
