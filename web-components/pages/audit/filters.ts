import '@awesome.me/webawesome/dist/components/input/input.js';
import '@awesome.me/webawesome/dist/components/option/option.js';
import '@awesome.me/webawesome/dist/components/select/select.js';
import { css, html, LitElement } from 'lit';
import { AUDIT_ACTIONS, type AuditQuery } from '../../data/audit.ts';
import { shared } from '../../styles/shared.ts';

/** What entries are about: verdicts on versions are entries of their definition, sessions and memberships of their user. */
const SUBJECTS = [
  ...['definition', 'merge_request', 'instrument', 'computer', 'binding'],
  ...['lab', 'user', 'token', 'enrolment_code', 'signing_key'],
];

/** Names of the API as people read them. */
export const inWords = (name: string) => name.replaceAll(/[._]/g, ' ');

/** What the address asks for; the API checks it. Days are days where the reader is. */
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

/** When that day begins, or the day that many days later. */
function startOf(day: string | null, later: number): string | undefined {
  const [year, month, date] = (day ?? '').split('-').map(Number);
  if (!year || !month || !date) return undefined;
  return new Date(year, month - 1, date + later).toISOString();
}

/**
 * Who, what, about what, in which lab, when.
 *
 * @fires {CustomEvent<Record<string, string>>} change - The filters of the address that are others now.
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
      <wa-input size="s" name="actor" label="Who" placeholder="username" with-clear .value=${value('actor')}></wa-input>
      <wa-select size="s" name="action" label="What" placeholder="anything" with-clear .value=${value('action')}>
        ${AUDIT_ACTIONS.map((action) => html`<wa-option value=${action}>${inWords(action)}</wa-option>`)}
      </wa-select>
      <wa-select size="s" name="subject_type" label="About" placeholder="anything" with-clear .value=${value('subject_type')}>
        ${SUBJECTS.map((kind) => html`<wa-option value=${kind}>${inWords(kind)}</wa-option>`)}
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
