/**
 * Single sign-on in a browser. The registry and the provider are two sites (127.0.0.1 and localhost), so that the
 * browser applies its rules about cross-site cookies.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { isAccessible } from '../helpers/axe.ts';
import { startBrowser, takePictures } from '../helpers/browser.ts';
import { startProvider } from '../helpers/oidc-provider.ts';
import { measurement, startRegistry } from '../helpers/registry.ts';

let url = '';
const provider = await startProvider(t, () => `${url}/api/auth/oidc/callback`);
const registry = await startRegistry(t, {
  environment: {
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: provider.clientId,
    OIDC_CLIENT_SECRET: provider.clientSecret,
    OIDC_GROUP_ROLES: JSON.stringify({ staff: { labs: { nano: 'contributor' } } }),
  },
});
url = registry.url;
const lab = await registry.admin.client.labs.create({ name: 'Nano Optics', code: 'nano' });
await registry.admin.client.definitions.create({
  name: 'Lockin',
  source_code: measurement('Lockin'),
  lab_id: lab.id,
});
const browser = await startBrowser(t);
const elsewhere = provider.issuer;

t.test('the provider signs a user in and returns to the requested page', async (t) => {
  provider.people.set('sub-1', { preferred_username: 'ada', name: 'Ada', groups: ['staff'] });
  provider.atBrowser = 'sub-1';
  const page = await browser.open(registry, '/sign-in?next=/definitions/Lockin', { elsewhere });
  const link = page.getByRole('link', { name: `Sign in with ${new URL(elsewhere).host}` });
  await link.waitFor();
  await isAccessible(t, page, 'sign-in with single sign-on');
  await takePictures(page, 'sign-in-single-sign-on');
  await link.click();
  await page.getByRole('heading', { name: 'Lockin', level: 1 }).waitFor();
  t.equal(page.url(), `${url}/definitions/Lockin`);
  const cookies = await page.context().cookies(url);
  t.match(cookies, [{ name: 'registry_session', httpOnly: true, sameSite: 'Strict' }]);

  const wrote = await page.evaluate(async () => {
    const body = JSON.stringify({ name: 'by a page', scope: 'read' });
    const headers = { 'content-type': 'application/json' };
    return (await fetch('/api/tokens', { method: 'POST', headers, body })).status;
  });
  t.equal(wrote, 201, 'pages of the registry can write with the cookie');
});

t.test('a page on another site cannot use the session of its visitor', async (t) => {
  const attacker = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Lure</title>'),
  );
  await new Promise<void>((resolve) => attacker.listen(0, '127.0.0.1', resolve));
  t.teardown(() => attacker.close());
  const lure = `http://localhost:${(attacker.address() as AddressInfo).port}/`;

  const page = await browser.open(registry, '/sign-in', { unwatched: true });
  await page.getByRole('link', { name: /^Sign in with / }).click();
  await page.getByRole('heading', { name: 'Definitions', level: 1 }).waitFor();
  const tokens = async () =>
    await page.evaluate(async () => {
      const answer = await fetch('/api/tokens');
      return { status: answer.status, total: ((await answer.json()) as { total: number }).total };
    });
  const before = await tokens();
  t.equal(before.status, 200);

  const other = await page.context().newPage();
  await other.goto(lure);
  const got = await other.evaluate(async (registry) => {
    const body = JSON.stringify({ name: 'stolen', scope: 'admin' });
    const post = { method: 'POST', credentials: 'include' } as const;
    const headers = { 'content-type': 'application/json' };
    const tries = [
      fetch(`${registry}/api/tokens`, { ...post, body, headers }),
      fetch(`${registry}/api/tokens`, { ...post, body, mode: 'no-cors' }),
      fetch(`${registry}/api/auth/me`, { credentials: 'include' }),
      fetch(`${registry}/api/auth/logout`, { ...post, mode: 'no-cors' }),
    ];
    return (await Promise.allSettled(tries)).map(({ status }) => status);
  }, url);
  t.same(got, ['rejected', 'rejected', 'rejected', 'rejected'], 'it cannot read the answers');

  await other.evaluate(async (registry) => {
    const frame = document.createElement('iframe');
    frame.src = registry;
    document.body.append(frame);
    await new Promise((resolve) => frame.addEventListener('load', resolve));
  }, url);
  const frames = other.frames().map((frame) => frame.url());
  t.same(frames, [lure, 'chrome-error://chromewebdata/'], 'it cannot show the registry in a frame');

  const sent = other.waitForResponse(`${url}/api/auth/logout`);
  await other.evaluate((registry) => {
    const form = document.createElement('form');
    form.method = 'post';
    form.enctype = 'text/plain';
    form.action = `${registry}/api/auth/logout`;
    document.body.append(form);
    form.submit();
  }, url);
  t.equal((await sent).status(), 415);
  t.same(await tokens(), before, 'the user is still signed in, and nothing was created');
});

t.test('a user links their account with the provider and keeps its id and name', async (t) => {
  const { id } = await registry.person('hedy');
  provider.people.set('sub-2', { preferred_username: 'hedy.l', groups: ['staff'] });
  provider.atBrowser = 'sub-2';
  const page = await browser.open(registry, '/account', { username: 'hedy', elsewhere });
  const { host } = new URL(elsewhere);
  const card = page.getByRole('region', { name: 'Single sign-on' });
  await card.getByText('Not linked.').waitFor();
  await isAccessible(t, page, 'account that is not linked');
  await page.getByRole('button', { name: `Link with ${host}` }).click();
  await page.getByText('signs you in to this account, hedy').waitFor();
  await page.getByRole('button', { name: `Go to ${host}` }).click();
  await card.getByText(`Linked with ${host}`).waitFor();
  t.equal(
    await page.getByRole('button', { name: 'Link with' }).count(),
    0,
    'there is nothing left to link',
  );
  const me = await page.evaluate(async () => await (await fetch('/api/auth/me')).json());
  t.match(me, { user: { id, username: 'hedy' }, labs: [{ code: 'nano', role: 'contributor' }] });
});

t.test('a user of single sign-on sets a password', async (t) => {
  provider.people.set('sub-3', { preferred_username: 'ida', name: 'Ida' });
  provider.atBrowser = 'sub-3';
  const page = await browser.open(registry, '/sign-in?next=/account', { elsewhere });
  await page.getByRole('link', { name: /^Sign in with / }).click();
  const card = page.getByRole('region', { name: 'Password' });
  await card.getByText('You have no password').waitFor();
  await card.getByRole('button', { name: 'Set' }).click();
  t.equal(await card.getByLabel('Current password').count(), 0);
  await card.getByLabel('New password', { exact: true }).fill('password of ida');
  await card.getByLabel('Confirm new password').fill('password of ida');
  await page.keyboard.press('Enter');
  await card.getByRole('button', { name: 'Change' }).waitFor();
  t.equal((await registry.anonymous.login('ida', 'password of ida')).user.username, 'ida');
});

t.test('a user who cancels at the provider sees why and can go back', async (t) => {
  const page = await browser.open(registry, '/sign-in', { elsewhere });
  provider.atBrowser = null;
  await page.getByRole('link', { name: /^Sign in with / }).click();
  await page.getByRole('heading', { name: 'The sign-in was refused' }).waitFor();
  await page.getByRole('link', { name: 'Back to the registry' }).click();
  await page.waitForURL(`${url}/**`);
  t.ok((await page.title()).includes('Definition Registry'));
});
