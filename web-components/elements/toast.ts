import { css, html, LitElement } from 'lit';
import { shared } from '../styles/shared.ts';
import { icon } from './icon.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';

/** How long a notice stays, in milliseconds. A notice never contains anything that the user must read. */
const SHOWN = 6000;

/**
 * Shows a short confirmation in the corner of the window. Screen readers announce it. Do not use this function for
 * errors: show an error where it happens, in a `registry-problem`.
 */
export function notify(text: string): void {
  notices ??= document.body.appendChild(new RegistryNotices());
  notices.add(text);
}

let notices: RegistryNotices | undefined;

/**
 * The list of notices. The Content-Security-Policy blocks the `style` attributes of Web Awesome's toast, so this
 * element replaces it.
 */
export class RegistryNotices extends LitElement {
  static override properties = { texts: { state: true } };
  static override styles = [
    shared,
    css`
      :host {
        position: fixed;
        inset: auto var(--wa-space-m) var(--wa-space-m) auto;
        z-index: 10;
        display: grid;
        gap: var(--wa-space-xs);
        justify-items: end;
        max-inline-size: calc(100vw - 2 * var(--wa-space-m));
      }
      p {
        display: flex;
        align-items: center;
        gap: var(--wa-space-xs);
        padding: var(--wa-space-2xs) var(--wa-space-2xs) var(--wa-space-2xs) var(--wa-space-m);
        border: 1px solid var(--wa-color-success-border-normal);
        border-radius: var(--wa-border-radius-m);
        background: var(--wa-color-surface-raised);
        box-shadow: var(--wa-shadow-l);
      }
      p > .icon {
        color: var(--wa-color-success-on-quiet);
      }
    `,
  ];
  declare texts: readonly { text: string }[];

  constructor() {
    super();
    this.texts = [];
    this.role = 'status';
  }

  add(text: string) {
    const notice = { text };
    this.texts = [...this.texts, notice];
    setTimeout(() => this.#remove(notice), SHOWN);
  }

  override render() {
    return this.texts.map(
      (notice) =>
        html`<p>
          ${icon('check')} ${notice.text}
          <wa-button size="s" appearance="plain" @click=${() => this.#remove(notice)}>
            ${icon('x')}<span class="visually-hidden">Close</span>
          </wa-button>
        </p>`,
    );
  }

  #remove(notice: { text: string }) {
    this.texts = this.texts.filter((one) => one !== notice);
  }
}

customElements.define('registry-notices', RegistryNotices);

declare global {
  interface HTMLElementTagNameMap {
    'registry-notices': RegistryNotices;
  }
}
