import '@awesome.me/webawesome/dist/components/badge/badge.js';
import { html, type TemplateResult } from 'lit';
import { type IconName, icon } from './icon.ts';

type Variant = 'brand' | 'success' | 'neutral' | 'warning' | 'danger';

/** A short word for the state of something. It never says by its colour alone what it says. */
export function badge(text: string, variant: Variant = 'neutral', name?: IconName): TemplateResult {
  return html`<wa-badge variant=${variant} appearance="filled" .pill=${true}>
    ${name ? icon(name, 'start') : ''}${text}
  </wa-badge>`;
}

/** The status that a definition's header states. */
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
