import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/dropdown/dropdown.js';
import '@awesome.me/webawesome/dist/components/dropdown-item/dropdown-item.js';
import { html, type TemplateResult } from 'lit';
import { type IconName, icon } from './icon.ts';

export interface MenuItem {
  label: string;
  icon: IconName;
  danger?: boolean;
  act: () => unknown;
}

/** A button that opens a menu of actions. `label` is the accessible name of the button. */
export function menu(label: string, items: readonly MenuItem[]): TemplateResult {
  const choose = (event: CustomEvent<{ item: { value: string } }>) =>
    items[Number(event.detail.item.value)]?.act();
  return html`<wa-dropdown placement="bottom-end" @wa-select=${choose}>
    <wa-button slot="trigger" appearance="plain" size="s">
      ${icon('more')}<span class="visually-hidden">${label}</span>
    </wa-button>
    ${items.map(
      (item, index) =>
        html`<wa-dropdown-item value=${index} variant=${item.danger ? 'danger' : 'default'}>
          ${icon(item.icon, 'icon')} ${item.label}
        </wa-dropdown-item>`,
    )}
  </wa-dropdown>`;
}
