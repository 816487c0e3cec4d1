import { css, html, LitElement, nothing } from 'lit';
import { shared } from '../styles/shared.ts';
import { icon } from './icon.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';

export class PageChangeEvent extends Event {
  readonly page: number;
  constructor(page: number) {
    super('page-change', { bubbles: true, composed: true });
    this.page = page;
  }
}

/**
 * The position in a list and buttons for the previous and next page. Renders nothing if there is only one page.
 *
 * @fires {PageChangeEvent} page-change - The user goes to another page.
 */
export class RegistryPager extends LitElement {
  static override properties = {
    page: { type: Number },
    perPage: { type: Number },
    total: { type: Number },
  };
  static override styles = [
    shared,
    css`
      nav {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: var(--wa-space-s);
        padding: var(--wa-space-xs) var(--wa-space-s);
      }
    `,
  ];
  declare page: number;
  declare perPage: number;
  declare total: number;

  override render() {
    const last = Math.ceil(this.total / this.perPage);
    if (last <= 1) return nothing;
    const from = (this.page - 1) * this.perPage + 1;
    const to = Math.min(this.page * this.perPage, this.total);
    return html`<nav aria-label="Pages">
      ${this.#button('Previous', this.page - 1, this.page <= 1)}
      <span class="quiet small">
        ${from.toLocaleString()}–${to.toLocaleString()} of ${this.total.toLocaleString()}
      </span>
      ${this.#button('Next', this.page + 1, this.page >= last)}
    </nav>`;
  }

  #button(label: string, page: number, disabled: boolean) {
    const isBack = label === 'Previous';
    return html`<wa-button
      appearance="outlined"
      size="s"
      ?disabled=${disabled}
      @click=${() => this.dispatchEvent(new PageChangeEvent(page))}
    >
      ${isBack ? icon('chevronLeft', 'start') : ''}${label}${isBack ? '' : icon('chevronRight', 'end')}
    </wa-button>`;
  }
}

customElements.define('registry-pager', RegistryPager);

declare global {
  interface HTMLElementTagNameMap {
    'registry-pager': RegistryPager;
  }
}
