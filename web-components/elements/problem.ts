import { css, html, LitElement, nothing } from 'lit';
import { RegistryError } from '../data/client.ts';
import { shared } from '../styles/shared.ts';
import { icon } from './icon.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/callout/callout.js';

/**
 * Says what went wrong, where, and what to do next.
 *
 * @fires retry - Somebody wants to try again; offered where that can help and `retry` is set.
 * @slot - What else can be done, such as a link.
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

  /** Whatever was thrown; nothing is shown without. */
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
  /** Whether trying the same again may help. */
  mayPass: boolean;
}

/** Signing in again, waiting, and looking at what is there now may each help. */
const PASSING = new Set([401, 409, 429]);

/** Words for whatever was thrown. */
export function explain(error: unknown): Explanation {
  if (error instanceof RegistryError) {
    const { title, detail, status } = error.problem;
    // What is wrong with one field stands in the sentence already.
    const errors = (error.problem.errors ?? []).filter(
      ({ path, message }) => !(detail.includes(path) && detail.includes(message)),
    );
    return { title, detail, errors, mayPass: status >= 500 || PASSING.has(status) };
  }
  // What fetch throws where no answer came; its words differ from browser to browser.
  if (error instanceof TypeError && /fetch|network|load failed/i.test(error.message)) {
    return {
      title: 'The registry cannot be reached',
      detail: 'Look whether this computer is connected and the registry runs. Nothing was lost.',
      errors: [],
      mayPass: true,
    };
  }
  return {
    title: 'Something went wrong in this page',
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
