import '@awesome.me/webawesome/dist/components/details/details.js';
import { css, html, LitElement, nothing } from 'lit';
import type { AuditEvent } from '../../data/audit.ts';
import '../../elements/person.ts';
import { ago, exactTime } from '../../elements/time.ts';
import { sections } from '../../styles/sections.ts';
import { shared } from '../../styles/shared.ts';
import { changesOf } from './changes.ts';
import { humanize } from './filters.ts';

/** An audit entry: one line that opens to show the values before and after. */
export class AuditEntry extends LitElement {
  static override properties = {
    entry: { attribute: false },
    labs: { attribute: false },
    isOpen: { state: true },
  };
  static override styles = [
    shared,
    sections,
    css`
      :host {
        border-block-end: 1px solid var(--wa-color-surface-border);
      }
      wa-details {
        --spacing: var(--wa-space-s);
      }
      wa-details::part(base) {
        border-radius: 0;
      }
      .line {
        display: grid;
        grid-template-columns: 8rem minmax(0, 10rem) minmax(0, 13rem) minmax(0, 1fr);
        gap: 0 var(--wa-space-s);
        align-items: baseline;
        flex: 1;
        min-inline-size: 0;
        overflow-wrap: anywhere;
      }
      pre {
        margin: 0;
        max-block-size: 16rem;
        overflow: auto;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      table {
        table-layout: fixed;
      }
      th[scope='row'] {
        white-space: normal;
        overflow-wrap: anywhere;
      }
      .before {
        background: var(--registry-code-removed);
      }
      .after {
        background: var(--registry-code-added);
      }
      @media (max-width: 44rem) {
        .line {
          grid-template-columns: 7rem minmax(0, 1fr);
        }
        .about {
          grid-column: 1 / -1;
        }
      }
    `,
  ];
  declare entry: AuditEvent;
  declare labs: ReadonlyMap<number, string>;
  declare isOpen: boolean;

  override render() {
    const { at, actor, action, subject_type, subject } = this.entry;
    return html`<wa-details appearance="plain" @wa-show=${() => {
      this.isOpen = true;
    }}>
      <span slot="summary" class="line">
        <span class="quiet small">${ago(at)}</span>
        <registry-person .username=${actor}></registry-person>
        <span>${humanize(action)}</span>
        <span class="about">${subject} <span class="quiet small">${humanize(subject_type)}</span></span>
      </span>
      ${this.isOpen ? this.#body() : nothing}
    </wa-details>`;
  }

  #body() {
    const { id, at, actor, action, subject_type, subject_id, lab_id, address, token_name, hash } =
      this.entry;
    const page = pageOf(this.entry);
    return html`<div class="fields">
      ${this.#changes()}
      <dl class="facts small">
        <dt>When</dt>
        <dd>${exactTime(at)}</dd>
        <dt>From</dt>
        <dd>${address ?? 'the registry itself'}${token_name ? html`, with the token “${token_name}”` : nothing}</dd>
        ${lab_id === null ? nothing : html`<dt>Lab</dt><dd><a href="/labs/${lab_id}">${this.labs.get(lab_id) ?? `Lab ${lab_id}`}</a></dd>`}
        <dt>Entry</dt>
        <dd>${id}, hash <code>${hash}</code></dd>
        <dt>More</dt>
        <dd class="row">
          ${page === undefined ? nothing : html`<a href=${page}>open it</a> ·`}
          <a href=${search({ actor })}>all by ${actor}</a> ·
          <a href=${search({ action })}>all <code>${action}</code></a>
          ${subject_id === null ? nothing : html`· <a href=${search({ subject_type, subject_id: String(subject_id) })}>all about this</a>`}
        </dd>
      </dl>
    </div>`;
  }

  #changes() {
    const { before, after } = this.entry;
    const changes = changesOf(before, after);
    if (changes.length === 0) return html`<p class="quiet">No changed fields.</p>`;
    const cell = (kind: 'before' | 'after', text: string | undefined) =>
      html`<td>${text === undefined ? nothing : html`<pre class=${kind} tabindex="0">${text}</pre>`}</td>`;
    return html`<table class="small">
      <thead>
        <tr><th scope="col">Field</th><th scope="col">Before</th><th scope="col">After</th></tr>
      </thead>
      <tbody>
        ${changes.map(
          (change) =>
            html`<tr><th scope="row">${change.name}</th>${cell('before', change.before)}${cell('after', change.after)}</tr>`,
        )}
      </tbody>
    </table>`;
  }
}

/**
 * The address of the subject's page, or undefined if this type of subject has no page. The subject may have been
 * deleted.
 */
function pageOf({ subject_type, subject_id, subject }: AuditEvent): string | undefined {
  switch (subject_type) {
    case 'definition':
      return `/definitions/${encodeURIComponent(subject)}`;
    case 'computer':
      return `/computers/${encodeURIComponent(subject)}`;
    case 'merge_request':
      return `/merge-requests/${subject_id}`;
    case 'instrument':
      return `/instruments/${subject_id}`;
    case 'lab':
      return `/labs/${subject_id}`;
    default:
      return undefined;
  }
}

const search = (filters: Record<string, string>) => `/audit?${new URLSearchParams(filters)}`;

customElements.define('audit-entry', AuditEntry);
