/** How the web interface handles problems: sessions of other users, upgrades, lost connections, and missing builds. */
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

t.test('a window does not act for another user who has signed in since', async (t) => {
  const page = await browser.open(registry, '/definitions/Lockin', { username: 'ada' });
  await page.getByRole('button', { name: 'Manage' }).click();
  await page.getByRole('menuitem', { name: 'Restrict to lab' }).click();
  // Another user signs in in another window of the same browser.
  await page.context().request.post(`${registry.url}/api/auth/login`, {
    data: { username: 'root', password: 'password of root' },
  });
  await page.locator('registry-confirm').getByRole('button', { name: 'Restrict to lab' }).click();
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
  const before = await ada.client.definitions.byName('Lockin');
  t.equal(before.is_public, true, 'nothing was done for the other user');
  const form = page.locator('session-ended-dialog');
  await form.getByLabel('Password', { exact: true }).fill('password of ada');
  await page.keyboard.press('Enter');
  await page.getByText('lab only', { exact: true }).waitFor();
  const after = await ada.client.definitions.byName('Lockin');
  t.equal(after.is_public, false, 'the change is made after the same user has signed in again');
});

t.test('a page with a missing file says that the registry may have been upgraded', async (t) => {
  const page = await browser.open(registry, '/', { username: 'ada' });
  await page.getByRole('link', { name: 'Lockin' }).waitFor();
  await page.route('**/assets/definition-*.js', (route) => route.abort());
  await page.getByRole('link', { name: 'Lockin' }).click();
  await page.getByText('the registry may have been upgraded').waitFor();
  await isAccessible(t, page, 'file gone');
  await page.unroute('**/assets/definition-*.js');
  await page.getByRole('link', { name: 'Reload the page' }).click();
  await page.getByRole('heading', { name: 'Lockin', level: 1 }).waitFor();
});

t.test('an unreachable registry shows a problem with a button to try again', async (t) => {
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

t.test('a failed reload keeps the form that the user is filling in', async (t) => {
  const { id } = await ada.client.instruments.create({ name: 'Main lock-in', lab_id: lab.id });
  const page = await browser.open(registry, `/instruments/${id}`, { username: 'ada' });
  const facts = page.getByRole('region', { name: 'Details' });
  await facts.getByRole('button', { name: 'Edit' }).click();
  t.equal(await page.title(), 'Main lock-in · Definition Registry');
  await facts.getByRole('textbox', { name: 'Manufacturer' }).fill('Stanford Research');
  await page.route(`**/api/instruments/${id}`, (route) => route.abort());
  await ada.client.instruments.change(id, { location: 'Room 2' });
  await page.getByText('The registry cannot be reached').waitFor();
  t.equal(
    await facts.getByRole('textbox', { name: 'Manufacturer' }).inputValue(),
    'Stanford Research',
  );
  await page.unroute(`**/api/instruments/${id}`);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('The registry cannot be reached').waitFor({ state: 'detached' });
  await facts.getByRole('button', { name: 'Save' }).click();
  await facts.getByText('Room 2').waitFor();
  await facts.getByText('Stanford Research').waitFor();
});

t.test(
  'a notice says that live updates are interrupted, and missed changes appear afterwards',
  async (t) => {
    const page = await browser.open(registry, '/', { username: 'ada' });
    await page.route('**/api/events', (route) => route.fulfill({ status: 429 }));
    await page.reload();
    await page.getByText('Live updates are interrupted').waitFor();
    const source_code = measurement('Missed');
    await ada.client.definitions.create({ name: 'Missed', source_code, lab_id: lab.id });
    await page.unroute('**/api/events');
    await page.getByRole('link', { name: 'Missed' }).waitFor();
    await page.getByText('Live updates are interrupted').waitFor({ state: 'detached' });
    t.pass('the notice disappears');
  },
);

t.test('a notice says that the session has ended, and the page stays', async (t) => {
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

t.test('a visitor signs in first and then reaches the requested page', async (t) => {
  const page = await browser.open(registry, '/labs');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password', { exact: true }).fill('password of ada');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Nano Optics' }).click();
  await page.waitForFunction(() => document.title.startsWith('Nano Optics'));
  await page.goto(`${registry.url}/sign-in?next=/audit`);
  await page.waitForURL(`${registry.url}/audit`);
  t.pass('a signed-in user skips the sign-in page');
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

t.test('without a build, the registry says how to build the interface', async (t) => {
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
});
