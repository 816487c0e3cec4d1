import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import { css, html, LitElement } from 'lit';
import { AUDIT_ACTIONS, type AuditQuery } from '../../data/audit.ts';
import { shared } from '../../styles/shared.ts';

/**
 * The types of subjects to choose from. A verdict on a version is listed under its definition, a session or membership
 * under its user.
 */
const SUBJECTS = [
  ...['definition', 'merge_request', 'instrument', 'computer', 'binding'],
  ...['lab', 'user', 'token', 'enrolment_code', 'signing_key'],
];

/** A name of the API as text: `lab.changed` → `lab changed`. */
export const humanize = (name: string) => name.replaceAll(/[._]/g, ' ');

/** The filters in the address. The API validates them. A day starts and ends in the reader's time zone. */
export function filtersOf(query: URLSearchParams): Partial<AuditQuery> {
  const text = ['actor', 'action', 'subject_type'].flatMap((name) => {
    const value = query.get(name);
    return value ? [[name, value]] : [];
  });
  const number = ['subject_id', 'lab_id'].flatMap((name) => {
    const value = Number(query.get(name));
    return value ? [[name, value]] : [];
  });
  const [since, until] = [startOf(query.get('since'), 0), startOf(query.get('until'), 1)];
  return {
    ...Object.fromEntries([...text, ...number]),
    ...(since && { since }),
    ...(until && { until }),
  };
}

/** The start of the day that comes `later` days after `day`. */
function startOf(day: string | null, later: number): string | undefined {
  const [year, month, date] = (day ?? '').split('-').map(Number);
  if (!year || !month || !date) return undefined;
  return new Date(year, month - 1, date + later).toISOString();
}

/**
 * Filters by actor, action, subject, lab and time.
 *
 * @fires {CustomEvent<Record<string, string>>} change - The user changed a filter. The event carries the changed
 * filters as parameters of the address.
 */
export class AuditFilters extends LitElement {
  static override properties = { query: { attribute: false }, labs: { attribute: false } };
  static override styles = [
    shared,
    css`
      form {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(8.75rem, 1fr));
        gap: var(--wa-space-s);
      }
    `,
  ];
  declare query: URLSearchParams;
  declare labs: ReadonlyMap<number, string>;

  override render() {
    const value = (name: string) => this.query.get(name) ?? '';
    return html`<form role="search" aria-label="Filter entries" @change=${this.#change} @submit=${this.#submit}>
      <wa-input size="s" name="actor" label="Actor" placeholder="username" with-clear .value=${value('actor')}></wa-input>
      <wa-select size="s" name="action" label="Action" placeholder="any" with-clear .value=${value('action')}>
        ${AUDIT_ACTIONS.map((action) => html`<wa-option value=${action}>${humanize(action)}</wa-option>`)}
      </wa-select>
      <wa-select size="s" name="subject_type" label="Subject" placeholder="any" with-clear .value=${value('subject_type')}>
        ${SUBJECTS.map((kind) => html`<wa-option value=${kind}>${humanize(kind)}</wa-option>`)}
      </wa-select>
      <wa-select size="s" name="lab_id" label="Lab" placeholder="any" with-clear .value=${value('lab_id')}>
        ${[...this.labs].map(([id, name]) => html`<wa-option value=${String(id)}>${name}</wa-option>`)}
      </wa-select>
      <wa-input size="s" name="since" type="date" label="From" .value=${value('since')}></wa-input>
      <wa-input size="s" name="until" type="date" label="To" .value=${value('until')}></wa-input>
    </form>`;
  }

  #change(event: Event) {
    const { name, value } = event.target as HTMLInputElement;
    event.stopPropagation();
    this.dispatchEvent(new CustomEvent('change', { detail: { [name]: value ?? '' } }));
  }

  #submit(event: Event) {
    event.preventDefault();
  }
}

customElements.define('audit-filters', AuditFilters);
