import '@awesome.me/webawesome/dist/components/relative-time/relative-time.js';
import { html, nothing, type TemplateResult } from 'lit';

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/**
 * A relative time such as “3 hours ago”, which updates itself. The tooltip has the exact time. Renders nothing for
 * null.
 */
export function ago(time: string | null): TemplateResult | typeof nothing {
  if (time === null) return nothing;
  return html`<wa-relative-time date=${time} sync title=${exact.format(new Date(time))}></wa-relative-time>`;
}

/** The date and time to the second, in the reader's time zone. */
export const exactTime = (time: string): string => exact.format(new Date(time));
