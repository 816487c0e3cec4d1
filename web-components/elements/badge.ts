import '@awesome.me/webawesome/dist/components/badge/badge.js';
import { html, type TemplateResult } from 'lit';
import { type IconName, icon } from './icon.ts';

type Variant = 'brand' | 'success' | 'neutral' | 'warning' | 'danger';

/** A badge: a short word for a state. The colour repeats what the word says. */
export function badge(text: string, variant: Variant = 'neutral', name?: IconName): TemplateResult {
  return html`<wa-badge variant=${variant} appearance="filled" .pill=${true}>
    ${name ? icon(name, 'start') : ''}${text}
  </wa-badge>`;
}

/** The badge for the status in the header of a definition. */
export function statusBadge(status: string): TemplateResult {
  return badge(status, STATUS[status] ?? 'neutral');
}

const STATUS: Record<string, Variant> = {
  operational: 'success',
  development: 'brand',
  testing: 'brand',
  experimental: 'warning',
  deprecated: 'danger',
};
