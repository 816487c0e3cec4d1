/** Badges and error lists made from the last report of a computer. */
import { html, nothing, type TemplateResult } from 'lit';
import type { FleetComputer } from '../../registry/schemas/sync.ts';
import { badge } from './badge.ts';

type Lag = FleetComputer['lag'][number];

/** The badge for a version that is revoked or not the newest. */
export function lagBadge({ version, newest, revoked }: Lag): TemplateResult {
  if (revoked !== null) return badge(`version ${version} is revoked`, 'danger', 'alert');
  return badge(`version ${version}, newest ${newest}`, 'warning', 'clock');
}

/** An error as text. A computer may report an error as a string or as an object. */
export function errorText(error: FleetComputer['errors'][number]): string {
  if (typeof error === 'string') return error;
  const { message, ...more } = error;
  const rest = Object.entries(more).map(
    ([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [...(message === undefined ? [] : [String(message)]), ...rest].join(' · ');
}

/** The errors of the last report, in a section that the user can open. */
export function errorList(errors: FleetComputer['errors']) {
  if (errors.length === 0) return nothing;
  return html`<details>
    <summary>${badge(errors.length === 1 ? '1 error' : `${errors.length} errors`, 'danger', 'alert')}</summary>
    <ul>
      ${errors.map((error) => html`<li class="small">${errorText(error)}</li>`)}
    </ul>
  </details>`;
}
