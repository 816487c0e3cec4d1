import { css, html, LitElement } from 'lit';
import { shared } from '../styles/shared.ts';
import { icon } from './icon.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';

/** How long the button shows that the text was copied, in milliseconds. */
const SHOWN = 2000;

/**
 * A line of text with a button that copies it.
 *
 * @csspart text - The line.
 */
export class RegistryCopy extends LitElement {
  static override properties = {
    value: {},
    label: {},
    copied: { state: true },
  };
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: var(--wa-space-2xs);
        min-inline-size: 0;
        padding-inline-start: var(--wa-space-s);
        border: 1px solid var(--wa-color-surface-border);
        border-radius: var(--wa-border-radius-m);
        background: var(--registry-canvas);
      }
      code {
        flex: 1;
        min-inline-size: 0;
        padding-block: var(--wa-space-2xs);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
    `,
  ];

  declare value: string;
  /** What the line contains, as in the name of the button: `Copy token`. */
  declare label: string;
  declare copied: boolean;

  constructor() {
    super();
    this.value = '';
    this.label = 'line';
    this.copied = false;
  }

  override render() {
    return html`<code part="text">${this.value}</code>
      <wa-button appearance="plain" size="s" @click=${this.#copy}>
        ${icon(this.copied ? 'check' : 'copy')}
        <span class="visually-hidden">Copy ${this.label}</span>
      </wa-button>
      <span role="status" class="visually-hidden">${this.copied ? 'Copied' : ''}</span>`;
  }

  async #copy() {
    await copyText(this.value, this.renderRoot.querySelector('code'));
    this.copied = true;
    setTimeout(() => {
      this.copied = false;
    }, SHOWN);
  }
}

/**
 * Copies text to the clipboard. Browsers offer the clipboard API only over HTTPS, which many labs do not have. The
 * older `execCommand` also works over HTTP.
 */
async function copyText(text: string, shown: Element | null): Promise<void> {
  if (navigator.clipboard) return await navigator.clipboard.writeText(text);
  const selection = getSelection();
  if (shown && selection) selection.selectAllChildren(shown);
  document.execCommand('copy');
}

customElements.define('registry-copy', RegistryCopy);

declare global {
  interface HTMLElementTagNameMap {
    'registry-copy': RegistryCopy;
  }
}
