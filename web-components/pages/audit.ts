import { Task } from '@lit/task';
import '@awesome.me/webawesome/dist/components/button/button.js';
import { html, nothing } from 'lit';
import { setQuery } from '../app/go.ts';
import { Page } from '../app/page.ts';
import { auditExport, listAudit } from '../data/audit.ts';
import { listLabNames } from '../data/labs.ts';
import { countOf } from '../elements/count.ts';
import { icon } from '../elements/icon.ts';
import { empty, whenLoaded } from '../elements/states.ts';
import { sections } from '../styles/sections.ts';
import { shared } from '../styles/shared.ts';
import './audit/entry.ts';
import './audit/filters.ts';
import { filtersOf } from './audit/filters.ts';
import { listQuery } from './list/query.ts';
import { pagerOf } from './list/results.ts';

/** `/audit?actor=…&action=…`: the audit trail, newest entry first. Lab admins see the entries of their labs. */
export class AuditPage extends Page {
  static override properties = { query: { attribute: false } };
  static override styles = [shared, sections];
  declare query: URLSearchParams;

  readonly #found = new Task(this, {
    task: async ([query]) => {
      const given = new URLSearchParams(query);
      return await listAudit({ ...filtersOf(given), ...listQuery(given, []) });
    },
    args: () => [this.query.toString()] as const,
  });
  readonly #labs = new Task(this, { task: listLabNames, args: () => [] as const });

  override render() {
    const found = this.#found.value;
    const labs = this.#labs.value ?? new Map<number, string>();
    return html`<div class="page">
      <header class="head">
        <h1 tabindex="-1">Audit trail</h1>
        <span class="quiet" role="status">
          ${found ? countOf(found, 'entry', 'entries') : ''}
        </span>
        ${
          found?.total
            ? html`<wa-button
                size="s"
                appearance="outlined"
                href=${auditExport(filtersOf(this.query))}
                download="audit.jsonl"
                >${icon('download', 'start')} Export</wa-button
              >`
            : nothing
        }
      </header>
      <audit-filters
        .query=${this.query}
        .labs=${labs}
        @change=${({ detail }: CustomEvent<Record<string, string>>) => setQuery({ ...detail, page: undefined })}
      ></audit-filters>
      ${whenLoaded(this.#found, (found) =>
        found.total === 0
          ? empty(
              'log',
              'No entries match',
              html`Change the filters, or <a href="/audit">see all entries</a>.`,
            )
          : html`<div class="card">
              <ol aria-label="Entries">
                ${found.items.map((entry) => html`<li><audit-entry .entry=${entry} .labs=${labs}></audit-entry></li>`)}
              </ol>
              ${pagerOf(this, found)}
            </div>`,
      )}
    </div>`;
  }
}

customElements.define('audit-page', AuditPage);
