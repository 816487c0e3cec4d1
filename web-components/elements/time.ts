import '@awesome.me/webawesome/dist/components/relative-time/relative-time.js';
import { html, nothing, type TemplateResult } from 'lit';

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** “3 hours ago”, kept true, with the exact time where one points. Nothing for null. */
export function ago(time: string | null): TemplateResult | typeof nothing {
  if (time === null) return nothing;
  return html`<wa-relative-time date=${time} sync title=${exact.format(new Date(time))}></wa-relative-time>`;
}

/** The date and the time, to the second, where the reader is. */
export const exactTime = (time: string): string => exact.format(new Date(time));
