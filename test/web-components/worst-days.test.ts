/** What the interface does when something around it is not as it should be. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import t from 'tap';
import { interfaceRoutes } from '../../registry/routes/interface.ts';
import { isAccessible } from '../helpers/axe.ts';
import { startBrowser } from '../helpers/browser.ts';
import { measurement, startRegistry } from '../helpers/registry.ts';

t.setTimeout(120_000);
const registry = await startRegistry(t);
const browser = await startBrowser(t);
const ada = await registry.person('ada');
const lab = await registry.admin.client.labs.create({ name: 'Nano Optics', code: 'nano' });
await registry.admin.client.labs.addMember(lab.id, ada.id, 'admin');
await ada.client.definitions.create({
  name: 'Lockin',
  source_code: measurement('Lockin'),
  lab_id: lab.id,
  is_public: true,
});

t.test('a window does not act in the name of whoever has signed in since', async (t) => {
  const page = await browser.open(registry, '/definitions/Lockin', { username: 'ada' });
  await page.getByRole('button', { name: 'Manage' }).click();
  await page.getByRole('menuitem', { name: 'Show to the lab only' }).click();
  // In another window of the same browser.
  await page.context().request.post(`${registry.url}/api/auth/login`, {
    data: { username: 'root', password: 'password of root' },
  });
  await page
    .locator('registry-confirm')
    .getByRole('button', { name: 'Show to the lab only' })
    .click();
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
  const before = await ada.client.definitions.byName('Lockin');
  t.equal(before.is_public, true, 'nothing was done in the name of the other');
  const form = page.locator('session-ended-dialog');
  await form.getByLabel('Password', { exact: true }).fill('password of ada');
  await page.keyboard.press('Enter');
  await page.getByText('lab only', { exact: true }).waitFor();
  const after = await ada.client.definitions.byName('Lockin');
  t.equal(after.is_public, false, 'what was asked for is done once the same person is back');
});

t.test(
  'a page whose file is gone says that the registry was upgraded, and the rest goes on',
  async (t) => {
    const page = await browser.open(registry, '/', { username: 'ada' });
    await page.getByRole('link', { name: 'Lockin' }).waitFor();
    await page.route('**/assets/definition-*.js', (route) => route.abort());
    await page.getByRole('link', { name: 'Lockin' }).click();
    await page.getByText('the registry may have been upgraded').waitFor();
    await isAccessible(t, page, 'file gone');
    await page.unroute('**/assets/definition-*.js');
    await page.getByRole('link', { name: 'Load the page again' }).click();
    await page.getByRole('heading', { name: 'Lockin', level: 1 }).waitFor();
  },
);

t.test('a registry that cannot be reached is said, and asked again on request', async (t) => {
  const page = await browser.open(registry, '/', { username: 'ada' });
  await page.getByRole('link', { name: 'Lockin' }).waitFor();
  await page.route('**/api/instrument-definitions?**', (route) => route.abort());
  await page.getByRole('searchbox').fill('lock');
  await page.getByText('The registry cannot be reached').first().waitFor();
  await isAccessible(t, page, 'unreachable');
  await page.unroute('**/api/instrument-definitions?**');
  await page.getByRole('button', { name: 'Try again' }).first().click();
  await page.getByRole('link', { name: 'Lockin' }).waitFor();
});

t.test('the first page loads less than 150 KB of script', async (t) => {
  const page = await browser.open(registry, '/', { username: 'ada' });
  await page.getByRole('link', { name: 'Lockin' }).waitFor();
  const bytes = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .filter(({ name }) => name.endsWith('.js'))
      .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).encodedBodySize, 0),
  );
  t.comment(`${(bytes / 1000).toFixed(1)} KB of script, compressed`);
  t.ok(bytes > 10_000 && bytes < 150_000, `${bytes} bytes`);
});

t.test(
  'where the interface was not built, browsers are told how, and nothing else ends',
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'not-built-'));
    const app = Fastify();
    t.teardown(async () => {
      await app.close();
      await rm(folder, { recursive: true });
    });
    interfaceRoutes(app, folder);
    const page = await app.inject('/');
    t.equal(page.statusCode, 503);
    t.match(page.body, /npm run build/);
    t.equal((await app.inject('/assets/x.js')).statusCode, 404);
  },
);
