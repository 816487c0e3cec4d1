import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/callout/callout.js';
import { css, html, LitElement } from 'lit';
import { shared } from '../styles/shared.ts';
import './copy.ts';
import { icon } from './icon.ts';

/**
 * A secret that is shown once. The secret stays on the page until the user leaves the page or clicks Done, and is
 * stored nowhere else in the browser. The element takes the focus. An open dialog would keep the focus, so render the
 * element after the dialog has closed.
 *
 * @fires done - The user has copied the secret.
 *
 * @slot - What to do with the secret.
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
  /** What the lines contain, as in the name of a copy button: `Copy token`. */
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
          ${icon('check', 'start')} Done
        </wa-button>
      </div>
    </wa-callout>`;
  }

  protected override async firstUpdated() {
    // The heading can take the focus only after the callout has rendered its slot.
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
