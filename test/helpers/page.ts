/** Functions that find and use parts of any page of the web interface. */
import type { Page } from 'playwright-core';

export const card = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

export const dialog = (page: Page) => page.locator('registry-confirm');

/** Writes text into the field whose label starts with `label`. */
export const write = (page: Page, label: string, text: string) =>
  page.getByRole('textbox', { name: new RegExp(`^${label}`) }).fill(text);

/** Opens a row's menu by keyboard and chooses an item. */
export async function choose(page: Page, menu: string, item: string): Promise<void> {
  await page.getByRole('button', { name: menu }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: item }).click();
}
