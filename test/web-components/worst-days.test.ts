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
  await page.getByRole('menuitem', { name: 'Restrict to lab' }).click();
  // In another window of the same browser.
  await page.context().request.post(`${registry.url}/api/auth/login`, {
    data: { username: 'root', password: 'password of root' },
  });
  await page
    .locator('registry-confirm')
    .getByRole('button', { name: 'Restrict to lab' })
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
    await page.getByRole('link', { name: 'Reload the page' }).click();
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

t.test('what cannot be read anew takes nothing away that somebody is writing', async (t) => {
  const { id } = await ada.client.instruments.create({ name: 'Main lock-in', lab_id: lab.id });
  const page = await browser.open(registry, `/instruments/${id}`, { username: 'ada' });
  const facts = page.getByRole('region', { name: 'Details' });
  await facts.getByRole('button', { name: 'Edit' }).click();
  t.equal(await page.title(), 'Main lock-in · Definition Registry');
  await facts.getByRole('textbox', { name: 'Manufacturer' }).fill('Stanford Research');
  await page.route(`**/api/instruments/${id}`, (route) => route.abort());
  await ada.client.instruments.change(id, { location: 'Room 2' });
  await page.getByText('The registry cannot be reached').waitFor();
  t.equal(await facts.getByRole('textbox', { name: 'Manufacturer' }).inputValue(), 'Stanford Research');
  await isAccessible(t, page, 'cannot be read anew');
  await page.unroute(`**/api/instruments/${id}`);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('The registry cannot be reached').waitFor({ state: 'detached' });
  await facts.getByRole('button', { name: 'Save' }).click();
  await facts.getByText('Room 2').waitFor();
  await facts.getByText('Stanford Research').waitFor();
});

t.test('interrupted live updates are said, and what was missed is read after them', async (t) => {
  const page = await browser.open(registry, '/', { username: 'ada' });
  await page.route('**/api/events', (route) => route.fulfill({ status: 429 }));
  await page.reload();
  await page.getByText('Live updates are interrupted').waitFor();
  await isAccessible(t, page, 'no live updates');
  const source_code = measurement('Missed');
  await ada.client.definitions.create({ name: 'Missed', source_code, lab_id: lab.id });
  await page.unroute('**/api/events');
  await page.getByRole('link', { name: 'Missed' }).waitFor();
  await page.getByText('Live updates are interrupted').waitFor({ state: 'detached' });
});

t.test('a session that ends while one looks on is said, and the page stays', async (t) => {
  const eve = await registry.person('eve');
  await registry.admin.client.labs.addMember(lab.id, eve.id, 'viewer');
  const page = await browser.open(registry, '/?q=lock', { username: 'eve' });
  await page.getByRole('link', { name: 'Lockin' }).waitFor();
  await registry.admin.client.users.change(eve.id, { password: 'another password' });
  const notice = page.getByRole('status').filter({ hasText: 'Your session has ended' });
  await notice.waitFor();
  await isAccessible(t, page, 'session over');
  await notice.getByRole('button', { name: 'Sign in again' }).click();
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('link', { name: 'Lockin' }).waitFor();
  await notice.getByRole('button', { name: 'Sign in again' }).click();
  await page
    .locator('session-ended-dialog')
    .getByLabel('Password', { exact: true })
    .fill('another password');
  await page.keyboard.press('Enter');
  await notice.waitFor({ state: 'detached' });
  t.equal(new URL(page.url()).search, '?q=lock');
});

t.test('whoever is not signed in is asked to, and comes to where they wanted to be', async (t) => {
  const page = await browser.open(registry, '/labs');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password', { exact: true }).fill('password of ada');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Nano Optics' }).click();
  await page.waitForFunction(() => document.title.startsWith('Nano Optics'));
  await page.goto(`${registry.url}/sign-in?next=/audit`);
  await page.waitForURL(`${registry.url}/audit`);
  t.pass('whoever is signed in already is not asked');
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
