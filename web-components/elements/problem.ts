import { css, html, LitElement, nothing } from 'lit';
import { RegistryError } from '../data/client.ts';
import { shared } from '../styles/shared.ts';
import { icon } from './icon.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/callout/callout.js';

/**
 * Shows an error: what went wrong, where, and what to do next.
 *
 * @fires retry - The user wants to try again. The button appears if `retry` is set and trying again can help.
 * @slot - Other actions, such as a link.
 */
export class RegistryProblem extends LitElement {
  static override properties = {
    error: { attribute: false },
    retry: { type: Boolean },
  };
  static override styles = [
    shared,
    css`
      li::before {
        content: "– ";
      }
      .message {
        display: grid;
        gap: var(--wa-space-xs);
        justify-items: start;
      }
    `,
  ];

  /** The error that was thrown, of any type. Without an error, the element is hidden. */
  declare error: unknown;
  declare retry: boolean;

  constructor() {
    super();
    this.retry = false;
  }

  protected override willUpdate() {
    this.hidden = this.error === undefined || this.error === null;
  }

  override render() {
    if (this.error === undefined || this.error === null) return nothing;
    const { title, detail, errors, mayPass } = explain(this.error);
    return html`<wa-callout variant="danger" size="s" role="alert">
      ${icon('alert', 'icon')}
      <div class="message">
        <strong>${title}</strong>
        <p>${detail}</p>
        ${
          errors.length > 0
            ? html`<ul>
            ${errors.map(({ path, message }) => html`<li>${path && html`<code>${path}</code>: `}${message}</li>`)}
          </ul>`
            : nothing
        }
        ${this.retry && mayPass ? html`<wa-button size="s" @click=${this.#retry}>${icon('sync', 'start')} Try again</wa-button>` : nothing}
        <slot></slot>
      </div>
    </wa-callout>`;
  }

  #retry() {
    this.dispatchEvent(new Event('retry'));
  }
}

interface Explanation {
  title: string;
  detail: string;
  errors: { path: string; message: string }[];
  /** Whether trying again may succeed. */
  mayPass: boolean;
}

/** Statuses after which trying again may succeed: after a new sign-in (401), a reload (409) or some time (429). */
const PASSING = new Set([401, 409, 429]);

/** The title and text that explain an error of any type. */
export function explain(error: unknown): Explanation {
  if (error instanceof RegistryError) {
    const { title, detail, status } = error.problem;
    // Errors that the title and detail already state are left out. If an error is about the source, the detail names
    // the file and line.
    const stated = `${title} ${detail}`;
    const errors = (error.problem.errors ?? []).filter(
      ({ path, message }) =>
        !(stated.includes(message) && (path === 'source_code' || stated.includes(path))),
    );
    return { title, detail, errors, mayPass: status >= 500 || PASSING.has(status) };
  }
  // fetch throws a TypeError if the registry did not answer. The message of this TypeError differs between browsers.
  if (error instanceof TypeError && /fetch|network|load failed/i.test(error.message)) {
    return {
      title: 'The registry cannot be reached',
      detail:
        'Check your network connection and whether the registry is running. Nothing was lost.',
      errors: [],
      mayPass: true,
    };
  }
  return {
    title: 'Something went wrong on this page',
    detail: error instanceof Error ? error.message : String(error),
    errors: [],
    mayPass: true,
  };
}

customElements.define('registry-problem', RegistryProblem);

declare global {
  interface HTMLElementTagNameMap {
    'registry-problem': RegistryProblem;
  }
}
