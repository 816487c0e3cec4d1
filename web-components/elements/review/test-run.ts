import { css, html, LitElement, nothing } from 'lit';
import type { TestDetails } from '../../../registry/schemas/tests.ts';
import { shared } from '../../styles/shared.ts';
import { icon } from '../icon.ts';
import { revealHidden } from '../reveal-hidden.ts';

type Item = TestDetails['items'][number];

const MARKS = { failed: 'x', passed: 'check', skipped: 'circleSlash' } as const;
/** Failed items come first. */
const ORDER = ['failed', 'skipped', 'passed'] as const;

/** A test run: what failed and how, and on request every item and the environment. */
export class RegistryTestRun extends LitElement {
  static override properties = { details: { attribute: false } };
  static override styles = [
    shared,
    css`
      :host,
      ul {
        display: grid;
        gap: var(--wa-space-2xs);
        min-inline-size: 0;
      }
      li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--wa-space-2xs);
        overflow-wrap: anywhere;
      }
      .failed > .icon {
        color: var(--wa-color-danger-on-quiet);
      }
      .passed > .icon {
        color: var(--wa-color-success-on-quiet);
      }
      pre {
        max-block-size: 20rem;
        margin-block: var(--wa-space-3xs) 0;
        padding: var(--wa-space-2xs) var(--wa-space-xs);
        overflow: auto;
        background: var(--wa-color-neutral-fill-quiet);
        border-radius: var(--wa-border-radius-s);
        font-size: var(--wa-font-size-xs);
        white-space: pre-wrap;
      }
      summary {
        cursor: pointer;
      }
    `,
  ];
  declare details: TestDetails;

  override render() {
    const { items, environment } = this.details;
    const failed = items.filter(({ state }) => state === 'failed');
    const others = ORDER.flatMap((state) => items.filter((item) => item.state === state)).filter(
      ({ state }) => state !== 'failed',
    );
    const packages = Object.entries(environment.packages);
    return html`${failed.length > 0 ? list('Failed tests', failed) : nothing}
      <details class="small">
        <summary>${counted(items)}</summary>
        ${others.length > 0 ? list('Other tests', others) : nothing}
        <p class="quiet">
          Python ${revealHidden(environment.python)}${packages.map(([name, version]) => html`, ${revealHidden(name)} ${revealHidden(version)}`)}
        </p>
      </details>`;
  }
}

function list(label: string, items: readonly Item[]) {
  return html`<ul class="small" aria-label=${label}>
    ${items.map(
      ({ name, state, message, difference }) => html`<li class=${state}>
        ${icon(MARKS[state])}
        <div>
          <span class="visually-hidden">${state}:</span> ${revealHidden(name)}
          ${message ? html`<p class="quiet">${revealHidden(message)}</p>` : nothing}
          ${difference ? html`<pre tabindex="0" aria-label="Difference">${revealHidden(difference)}</pre>` : nothing}
        </div>
      </li>`,
    )}
  </ul>`;
}

/** How many items have each state, in words. */
function counted(items: readonly Item[]): string {
  const counts = ORDER.flatMap((state) => {
    const count = items.filter((item) => item.state === state).length;
    return count === 0 ? [] : `${count} ${state}`;
  });
  return counts.length === 0 ? 'No tests' : counts.join(', ');
}

customElements.define('registry-test-run', RegistryTestRun);

declare global {
  interface HTMLElementTagNameMap {
    'registry-test-run': RegistryTestRun;
  }
}
