import { css, html, LitElement, nothing } from 'lit';
import { shared } from '../styles/shared.ts';
import { type Counted, totalOf } from './count.ts';
import { icon } from './icon.ts';
import '@awesome.me/webawesome/dist/components/button/button.js';

export class PageChangeEvent extends Event {
  readonly page: number;
  constructor(page: number) {
    super('page-change', { bubbles: true, composed: true });
    this.page = page;
  }
}

/** One page of a list, as the API returns it. */
export interface Paged extends Counted {
  items: readonly unknown[];
  page: number;
  per_page: number;
  /** The `after` parameter of the next page, missing on the last page. */
  next?: string;
}

/**
 * The position in a list and buttons for the previous and next page. Renders nothing if there is only one page.
 *
 * @fires {PageChangeEvent} page-change - The user goes to another page.
 */
export class RegistryPager extends LitElement {
  static override properties = {
    list: { attribute: false },
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
  declare list: Paged;

  override render() {
    const { items, page, per_page, next } = this.list;
    if (page === 1 && next === undefined) return nothing;
    const from = (page - 1) * per_page + 1;
    const to = from + items.length - 1;
    return html`<nav aria-label="Pages">
      ${this.#button('Previous', page - 1, page === 1)}
      <span class="quiet small">
        ${from.toLocaleString()}–${to.toLocaleString()} of ${totalOf(this.list)}
      </span>
      ${this.#button('Next', page + 1, next === undefined)}
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
