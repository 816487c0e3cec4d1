/** Permissions on the page of a merge request. An approval grants permissions, and the version's page shows them. */
import t from 'tap';
import { isAccessible } from '../helpers/axe.ts';
import { startBrowser } from '../helpers/browser.ts';
import { cloneOf } from '../helpers/clone.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(180_000);
const lab = await startLab(t);
const browser = await startBrowser(t);
const { ada, ben } = lab;

t.test('an approval grants the selected permissions, and the version shows them', async (t) => {
  await ada.client.definitions.create({ name: 'Vendor', source_code: measurement('Vendor') });
  const clone = await cloneOf(t, lab, 'Vendor', ben);
  await clone.commit({ 'Vendor.py': `import ctypes\n${measurement('Vendor')}` }, 'Use the library');
  const pushed = await clone.push('HEAD:refs/for/main');
  t.equal(pushed.code, 0, pushed.stderr);
  const { items } = await ben.client.mergeRequests.list({ state: 'open' });
  const address = `/merge-requests/${items[0]?.id}`;

  const author = await browser.open(lab, address, { username: 'ben' });
  const seen = author.getByRole('region', { name: 'Permissions' });
  await seen.getByText('not granted').waitFor();
  t.equal(await seen.getByRole('checkbox').count(), 0, 'a contributor cannot grant');

  const page = await browser.open(lab, address, { username: 'ada' });
  const section = page.getByRole('region', { name: 'Permissions' });
  await section.getByText('used at Vendor.py:1').waitFor();
  await section.getByText('Allow ctypes').click();
  await isAccessible(t, page, 'a merge request that asks for a permission');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('Ready to merge', { exact: true }).waitFor();
  await seen.getByText('granted by ada').waitFor();
  await page.getByRole('button', { name: 'Merge', exact: true }).click();
  await page.locator('registry-confirm').getByRole('button', { name: 'Merge' }).click();
  await page.getByRole('link', { name: 'version 2' }).waitFor();
  await page.goto(`${lab.url}/definitions/Vendor?view=versions`);
  await page.getByText('May use ctypes, which the lab otherwise bans').waitFor();
});
