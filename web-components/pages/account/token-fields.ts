/** What a new token is asked for. */
import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/radio/radio.js';
import '@awesome.me/webawesome/dist/components/radio-group/radio-group.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import { html } from 'lit';
import type { NewToken } from '../../data/tokens.ts';

const SCOPES: Record<NewToken['scope'], string> = {
  read: 'list, read and clone',
  write: 'besides, all that you may do with definitions and reviews',
  admin: 'besides, manage labs, people and equipment as far as you may',
};

const DAY = 24 * 3600 * 1000;
const LASTS: Record<string, string> = {
  30: 'in 30 days',
  90: 'in 90 days',
  365: 'in a year',
  0: 'never',
};

export const tokenFields = () => html`<wa-input
    name="name"
    label="Name"
    hint="Where it is used, such as “laptop” or “test run”"
    required
    maxlength="100"
  ></wa-input>
  <wa-radio-group name="scope" label="What it may do" .value=${'write'}>
    ${Object.entries(SCOPES).map(([scope, may]) => html`<wa-radio value=${scope}><strong>${scope}</strong>: ${may}</wa-radio>`)}
  </wa-radio-group>
  <wa-select name="lasts" label="Expires" .value=${'90'}>
    ${Object.entries(LASTS).map(([days, label]) => html`<wa-option value=${days}>${label}</wa-option>`)}
  </wa-select>`;

/** What the fields ask for. `now`: milliseconds since 1970. */
export function tokenOf(fields: FormData, now: number): NewToken {
  const days = Number(fields.get('lasts'));
  return {
    name: String(fields.get('name')).trim(),
    scope: String(fields.get('scope')) as NewToken['scope'],
    ...(days > 0 && { expires_at: new Date(now + days * DAY).toISOString() }),
  };
}
