import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/callout/callout.js';
import { css, html, LitElement } from 'lit';
import { shared } from '../styles/shared.ts';
import './copy.ts';
import { icon } from './icon.ts';

/**
 * Something that the registry shows this once. It is in the page until it is put away or left, and nowhere else in the
 * browser. The focus comes here: not before a dialog that asked for it has closed, which would not let it go.
 *
 * @fires done - Somebody has it.
 * @slot - What to do with it.
 */
export class RegistrySecret extends LitElement {
  static override properties = { heading: {}, label: {}, lines: { attribute: false } };
  static override styles = [
    shared,
    css`
      .message {
        display: grid;
        gap: var(--wa-space-s);
        min-inline-size: 0;
      }
      wa-callout::part(message) {
        min-inline-size: 0;
      }
      h2 {
        font-size: var(--wa-font-size-m);
      }
      wa-button {
        justify-self: start;
      }
      registry-copy {
        color: var(--wa-color-text-normal);
      }
    `,
  ];

  declare heading: string;
  /** What a line is, for its button's name. */
  declare label: string;
  declare lines: readonly string[];

  override render() {
    return html`<wa-callout variant="success">
      ${icon('key', 'icon')}
      <div class="message">
        <h2 tabindex="-1">${this.heading}</h2>
        <div><slot></slot></div>
        ${this.lines.map(
          (line, index) => html`<registry-copy
            .value=${line}
            .label=${this.lines.length > 1 ? `${this.label} ${index + 1}` : this.label}
          ></registry-copy>`,
        )}
        <wa-button size="s" appearance="outlined" @click=${() => this.dispatchEvent(new Event('done'))}>
          ${icon('check', 'start')} I have it
        </wa-button>
      </div>
    </wa-callout>`;
  }

  protected override async firstUpdated() {
    // Before the callout has its slot there is nothing to be focused in it.
    await this.renderRoot.querySelector('wa-callout')?.updateComplete;
    this.renderRoot.querySelector('h2')?.focus();
  }
}

customElements.define('registry-secret', RegistrySecret);

declare global {
  interface HTMLElementTagNameMap {
    'registry-secret': RegistrySecret;
  }
}
