import { css, html, LitElement } from 'lit';
import type { ValidationResult } from '../../registry/schemas/definitions.ts';
import { shared } from '../styles/shared.ts';
import { icon } from './icon.ts';
import { revealHidden } from './reveal-hidden.ts';

export type Diagnostic = ValidationResult['errors'][number];

export class DiagnosticEvent extends Event {
  readonly diagnostic: Diagnostic;
  constructor(diagnostic: Diagnostic) {
    super('diagnostic-chosen', { bubbles: true, composed: true });
    this.diagnostic = diagnostic;
  }
}

/**
 * The findings of a validation, each with its position.
 *
 * @fires {DiagnosticEvent} diagnostic-chosen - The user clicked a finding to see its position.
 */
export class RegistryDiagnostics extends LitElement {
  static override properties = { errors: { attribute: false }, warnings: { attribute: false } };
  static override styles = [
    shared,
    css`
      button {
        display: grid;
        grid-template-columns: auto minmax(2.75em, auto) 1fr auto;
        gap: var(--wa-space-xs);
        inline-size: 100%;
        padding: var(--wa-space-2xs) var(--wa-space-s);
        border: 0;
        background: none;
        color: inherit;
        font: inherit;
        text-align: start;
        cursor: pointer;
      }
      button:hover {
        background: var(--registry-hover);
      }
      .error .icon {
        color: var(--wa-color-danger-on-quiet);
      }
      .warning .icon {
        color: var(--wa-color-warning-on-quiet);
      }
      .message {
        overflow-wrap: anywhere;
      }
    `,
  ];
  declare errors: readonly Diagnostic[];
  declare warnings: readonly Diagnostic[];

  constructor() {
    super();
    this.errors = [];
    this.warnings = [];
  }

  override render() {
    return html`<ul>
      ${this.errors.map((found) => this.#item(found, 'error'))}
      ${this.warnings.map((found) => this.#item(found, 'warning'))}
    </ul>`;
  }

  #item(found: Diagnostic, kind: 'error' | 'warning') {
    const { file, line, column, message, code } = found;
    return html`<li>
      <button class=${kind} @click=${() => this.dispatchEvent(new DiagnosticEvent(found))}>
        <span>${icon(kind === 'error' ? 'circleSlash' : 'alert')}<span class="visually-hidden">${kind}</span></span>
        <code class="quiet">${revealHidden(file ? `${file}:` : '')}${line}:${column}</code>
        <span class="message">${revealHidden(message)}</span>
        <code class="quiet">${code}</code>
      </button>
    </li>`;
  }
}

customElements.define('registry-diagnostics', RegistryDiagnostics);

declare global {
  interface HTMLElementTagNameMap {
    'registry-diagnostics': RegistryDiagnostics;
  }
}
