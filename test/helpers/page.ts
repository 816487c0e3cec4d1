/** What tests find and do on any page of the web interface. */
import type { Page } from 'playwright-core';

export const card = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

export const dialog = (page: Page) => page.locator('registry-confirm');

/** Into the box whose label begins so. */
export const write = (page: Page, label: string, text: string) =>
  page.getByRole('textbox', { name: new RegExp(`^${label}`) }).fill(text);

/** Opens the menu of a row by keyboard alone, and takes an item of it. */
export async function choose(page: Page, menu: string, item: string): Promise<void> {
  await page.getByRole('button', { name: menu }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: item }).click();
}
