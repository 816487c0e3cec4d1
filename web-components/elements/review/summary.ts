/** The parts of a merge request's page around the diff: checks, interface changes, commits, reviews. */

import { html, nothing, type TemplateResult } from 'lit';
import type { MergeRequestPage, Review } from '../../../registry/schemas/review.ts';
import { badge } from '../badge.ts';
import { icon } from '../icon.ts';
import { revealHidden } from '../reveal-hidden.ts';
import '../person.ts';
import { ago } from '../time.ts';
import { checkBadge, verdictBadge } from './badges.ts';
import './test-run.ts';

export function checkList(checks: MergeRequestPage['checks']): TemplateResult {
  return html`<ul class="list">
    ${checks.map(
      ({ name, state, summary, url, account, required, standing, details }) => html`<li>
        <div class="row">
          ${checkBadge(state)} <span>${revealHidden(name)}</span>
          ${required ? nothing : html`<span class="small quiet">${standing ? 'optional' : 'does not count any more'}</span>`}
        </div>
        ${summary ? html`<p class="small quiet lines">${revealHidden(summary)}</p>` : nothing}
        ${account ? html`<p class="small quiet">Reported by ${account.replace(/^computer:/, '')}${safeLink(url)}</p>` : nothing}
        ${details ? html`<registry-test-run .details=${details}></registry-test-run>` : nothing}
      </li>`,
    )}
  </ul>`;
}

/** A link to an address that a program posted. Only web addresses become links. */
function safeLink(url: string | null): unknown {
  return url !== null && /^https?:\/\//.test(url)
    ? html` · <a href=${url} rel="noopener noreferrer nofollow" target="_blank">Details</a>`
    : nothing;
}

export function interfaceChanges({ breaking, changes }: MergeRequestPage['interface']): unknown {
  if (changes.length === 0) {
    return html`<p class="quiet">Nothing changes for bindings, stored settings or scripts.</p>`;
  }
  return html`<p class="row">
      ${breaking ? badge('breaking', 'danger', 'alert') : badge('not breaking', 'success', 'check')}
    </p>
    <ul class="list">
      ${changes.map(
        ({ breaking, message }) => html`<li class="row">
          ${breaking ? icon('alert') : icon('info')} <span>${revealHidden(message)}</span>
        </li>`,
      )}
    </ul>`;
}

/** What the change sends to the instrument that was not sent before, and the other way round. */
export function trafficCard(changes: MergeRequestPage['traffic']): TemplateResult {
  return html`<section class="card" aria-label="Traffic">
    <h2>Traffic</h2>
    <p class="small quiet">What the recordings of this change show, compared with the newest version.</p>
    <ul class="list">
      ${changes.map(
        ({ message, files }) => html`<li class="row">
          ${icon('plug')}
          <span>${revealHidden(message)} <span class="small quiet">(${files.join(', ')})</span></span>
        </li>`,
      )}
    </ul>
  </section>`;
}

export function commitList(commits: MergeRequestPage['commits']): TemplateResult {
  return html`<ol class="list">
    ${commits.map(
      ({ commit, author, message, created_at }) => html`<li>
        <p>${revealHidden(message.split('\n', 1)[0] ?? '')}</p>
        <p class="row small quiet">
          <code>${commit.slice(0, 8)}</code>
          <registry-person .name=${author.name} .username=${author.email}></registry-person>
          ${ago(created_at)}
        </p>
      </li>`,
    )}
  </ol>`;
}

export function reviewEntry({
  author,
  verdict,
  body,
  created_at,
  standing,
  why,
}: Review): TemplateResult {
  return html`<div class="row">
      ${verdictBadge(verdict)}
      <registry-person .username=${author.username}></registry-person>
      <span class="small quiet">${ago(created_at)}</span>
    </div>
    ${!standing && why ? html`<p class="small quiet">Does not count: ${why}</p>` : nothing}
    ${body ? html`<p class="text">${revealHidden(body)}</p>` : nothing}`;
}
