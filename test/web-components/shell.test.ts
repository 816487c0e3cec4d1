/** The common parts of all pages: sign-in, navigation, unknown addresses, ended sessions, and themes. */
import t from 'tap';
import { isAccessible } from '../helpers/axe.ts';
import { focusedText, NARROW, startBrowser, takePictures } from '../helpers/browser.ts';
import { measurement, startRegistry } from '../helpers/registry.ts';

const registry = await startRegistry(t);
const browser = await startBrowser(t);
await registry.person('ada');
const lab = await registry.admin.client.labs.create({ name: 'Nano Optics', code: 'nano' });
await registry.admin.client.definitions.create({
  name: 'Lockin',
  source_code: measurement('Lockin'),
  lab_id: lab.id,
  is_public: true,
});

t.test('a user signs in, reaches the requested page, and signs out', async (t) => {
  const page = await browser.open(registry, '/sign-in?next=/definitions/Lockin');
  t.equal(await page.title(), 'Sign in · Definition Registry');
  await isAccessible(t, page, 'sign-in');
  await takePictures(page, 'sign-in');

  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password', { exact: true }).fill('not it');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').getByText('password').first().waitFor();

  await page.getByLabel('Password', { exact: true }).fill('password of ada');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Lockin', level: 1 }).waitFor();
  t.equal(await page.title(), 'Lockin · Definition Registry');

  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
  await page.keyboard.type('ada');
  t.equal(await page.getByLabel('Username').inputValue(), 'ada', 'the first field has the focus');
});

t.test('the sign-in page does not redirect to other sites', async (t) => {
  const page = await browser.open(registry, '/sign-in?next=https://elsewhere.example/');
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password', { exact: true }).fill('password of ada');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${registry.url}/`);
  t.pass('the user stays on the registry');
});

t.test('navigation does not reload the document, and back works', async (t) => {
  const page = await browser.open(registry, '/', { username: 'ada' });
  await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }));
  await page.getByRole('link', { name: 'Lockin' }).click();
  await page.getByRole('heading', { name: 'Lockin', level: 1 }).waitFor();
  t.equal(await focusedText(page), 'Lockin');
  await page.goBack();
  await page.getByRole('heading', { name: 'Definitions', level: 1 }).waitFor();
  t.ok(await page.evaluate(() => 'sameDocument' in globalThis), 'it is still the same document');
});

t.test('an unknown address gives people a page and programs a problem document', async (t) => {
  const page = await browser.open(registry, '/nowhere', { username: 'ada' });
  await page.getByText('Page not found').waitFor();
  await isAccessible(t, page, 'not found');
  await takePictures(page, 'not-found');

  const program = await fetch(`${registry.url}/nowhere`);
  t.equal(program.status, 404);
  t.match(program.headers.get('content-type'), 'application/problem+json');
  const api = await fetch(`${registry.url}/api/nowhere`, { headers: { accept: 'text/html' } });
  t.match(api.headers.get('content-type'), 'application/problem+json');
});

t.test('a browser that opens a clone address gets the page', async (t) => {
  const page = await browser.open(registry, '/definitions/Lockin.git', { username: 'ada' });
  t.equal(page.url(), `${registry.url}/definitions/Lockin`);
});

t.test('after a new sign-in, work continues where the session ended', async (t) => {
  const page = await browser.open(registry, '/', { username: 'ada' });
  await page.getByRole('link', { name: 'Lockin' }).waitFor();
  await page.context().clearCookies();
  await page.getByRole('searchbox', { name: 'Search definitions' }).fill('lockin');
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.waitFor();
  await isAccessible(t, page, 'session ended');
  await takePictures(page, 'session-ended');
  // Playwright's locators do not find slotted content inside the dialog.
  const form = page.locator('session-ended-dialog');
  t.equal(await form.getByLabel('Username').inputValue(), 'ada');
  await page.keyboard.type('password of ada');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  t.equal(await page.getByRole('searchbox').inputValue(), 'lockin');
  await page.getByRole('link', { name: 'Lockin' }).waitFor();
});

t.test('a notice appears while the browser is offline', async (t) => {
  const page = await browser.open(registry, '/', { username: 'ada' });
  await page.context().setOffline(true);
  await page.getByText('You are offline').waitFor();
  await page.getByRole('link', { name: 'Lockin' }).click();
  await page.getByRole('alert').getByText('The registry cannot be reached').waitFor();
  await page.context().setOffline(false);
  await page.getByText('You are offline').waitFor({ state: 'hidden' });
  t.pass('the notice disappears');
});

t.test('on a phone, the navigation opens from the bar, by keyboard', async (t) => {
  const page = await browser.open(registry, '/', { username: 'ada', viewport: NARROW });
  const navigation = page.getByRole('navigation', { name: 'Main' });
  t.notOk(await navigation.isVisible());
  await page.getByRole('button', { name: 'Navigation' }).focus();
  await page.keyboard.press('Enter');
  await navigation.waitFor();
  await isAccessible(t, page, 'open navigation');
  await navigation.getByRole('link', { name: 'Definitions' }).click();
  await navigation.waitFor({ state: 'hidden' });

  await page.reload();
  await page.getByRole('heading', { name: 'Definitions' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  t.equal(
    await page.evaluate(
      () => document.querySelector('registry-app')?.shadowRoot?.activeElement?.id,
    ),
    'main',
    'the first tab stop skips to the main content',
  );
});

t.test('a chosen theme survives a reload', async (t) => {
  const page = await browser.open(registry, '/', { username: 'ada', theme: 'light' });
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Dark' }).click();
  await page.locator('html.wa-dark').waitFor();
  await page.reload();
  await page.locator('html.wa-dark').waitFor();
  t.pass('it is still dark after a reload');
});

t.test(
  'files of the build are immutable and compressed; the document is always revalidated',
  async (t) => {
    const document = await fetch(registry.url);
    t.equal(document.headers.get('cache-control'), 'no-cache');
    t.match(
      document.headers.get('content-security-policy'),
      /default-src 'none'.*script-src 'self'/,
    );
    t.notMatch(document.headers.get('content-security-policy'), /script-src[^;]*unsafe-inline/);
    const path = /src="(\/assets\/[^"]+\.js)"/.exec(await document.text())?.[1];
    const script = await fetch(registry.url + path, {
      headers: { 'accept-encoding': 'br' },
    });
    t.equal(script.headers.get('content-encoding'), 'br');
    t.match(script.headers.get('cache-control'), 'immutable');
    const none = await fetch(`${registry.url}/assets/none.js`);
    t.equal(none.status, 404);
  },
);
