/** The pages of labs, accounts, tokens and the audit trail. */
import type { Page } from 'playwright-core';
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { isAccessible } from '../helpers/axe.ts';
import { startBrowser, takePictures } from '../helpers/browser.ts';
import { startLab } from '../helpers/lab.ts';
import { card, choose, dialog, write } from '../helpers/page.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(180_000);
const lab = await startLab(t);
const browser = await startBrowser(t);
const { ada, ben, nano } = lab;
const HOSTILE = '<img src=x onerror=alert(1)> & "quoted"';

/** Waits until an element that matches the selector has the focus, in any shadow root. */
async function waitForFocus(page: Page, selector: string) {
  await page.waitForFunction((wanted) => {
    let found = document.activeElement;
    while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
    const host = (found?.getRootNode() as ShadowRoot | undefined)?.host;
    return [found, host].some((one) => one?.matches(wanted));
  }, selector);
}

t.test(
  'a site admin creates a lab and manages accounts, whose passwords are shown once',
  async (t) => {
    const page = await browser.open(lab, '/labs', { username: 'root' });
    await page.getByRole('link', { name: 'Nano Optics' }).waitFor();
    await isAccessible(t, page, 'labs');
    await takePictures(page, 'labs');
    await page.getByRole('button', { name: 'New lab' }).click();
    await waitForFocus(page, '[name=name]');
    await page.keyboard.type(`Thin Films ${HOSTILE}`);
    await write(page, 'Code', 'nano');
    await isAccessible(t, page, 'new lab');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('This code is taken').waitFor();
    await write(page, 'Code', 'films');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: HOSTILE }).waitFor();
    await page.getByText('No members yet').waitFor();

    await page.getByRole('link', { name: 'Users' }).click();
    await page.getByRole('button', { name: 'New account' }).click();
    await write(page, 'Username', 'eve');
    await write(page, 'Name', 'Eve Lindgren & "Co"');
    await write(page, 'Email', 'eve@lab.example');
    await page.getByRole('button', { name: 'Create account' }).click();
    const secret = page.locator('registry-secret');
    await secret.getByRole('heading', { name: 'Password of eve' }).waitFor();
    await waitForFocus(page, 'h2');
    const password = (await secret.locator('registry-copy code').textContent()) ?? '';
    await isAccessible(t, page, 'users');
    await takePictures(page, 'users');
    await secret.getByRole('button', { name: 'Done' }).click();
    t.equal(await page.getByText(password).count(), 0, 'the page no longer has the password');
    t.equal(
      (await lab.anonymous.login('eve', password)).user.username,
      'eve',
      'the account can sign in with the password',
    );

    await choose(page, 'Actions for Eve', 'Disable');
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await waitForFocus(page, 'wa-button[slot=trigger]');
    await choose(page, 'Actions for Eve', 'Disable');
    await dialog(page).getByRole('button', { name: 'Disable' }).click();
    await page.getByText('disabled').waitFor();
    await t.rejects(lab.anonymous.login('eve', password), 'a disabled account cannot sign in');
    await choose(page, 'Actions for Eve', 'Enable');
    await dialog(page).getByRole('button', { name: 'Enable' }).click();
    await page.getByText('disabled').waitFor({ state: 'detached' });
    await choose(page, 'Actions for Eve', 'Reset password');
    await dialog(page).getByRole('button', { name: 'Reset password' }).click();
    const next = (await secret.locator('registry-copy code').textContent()) ?? '';
    await t.rejects(lab.anonymous.login('eve', password), 'the old password no longer works');
    await lab.anonymous.login('eve', next);
    await choose(page, 'Actions for Root', 'Reset password');
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    await page.goBack();
    await page.getByRole('searchbox', { name: 'Search by' }).fill('nobody like that');
    await page.getByText('No accounts match').waitFor();
  },
);

t.test('a lab admin manages members, policy, owners and imports; a viewer cannot', async (t) => {
  const page = await browser.open(lab, `/labs/${nano.id}`, { username: 'ada' });
  await page.getByRole('row', { name: 'Cleo' }).waitFor();
  await page.getByRole('button', { name: 'Add member' }).click();
  await write(page, 'Username', 'nobody');
  await dialog(page).getByRole('button', { name: 'Add' }).click();
  await page.getByRole('alert').getByText('There is no such account').waitFor();
  await write(page, 'Username', 'eve');
  await dialog(page).getByRole('radio', { name: 'viewer' }).click();
  await dialog(page).getByRole('button', { name: 'Add' }).click();
  await page.getByRole('row', { name: 'Eve' }).getByText('viewer').waitFor();
  await choose(page, 'Actions for Eve', 'Change role');
  await dialog(page).getByRole('radio', { name: 'contributor' }).click();
  await dialog(page).getByRole('button', { name: 'Change role' }).click();
  await page.getByRole('row', { name: 'Eve' }).getByText('contributor').waitFor();

  const policy = card(page, 'Landing policy');
  await policy.getByRole('button', { name: 'Edit' }).click();
  await policy.getByRole('radio', { name: 'Nobody can land' }).click();
  await policy.getByRole('spinbutton', { name: 'Required approvals' }).fill('2');
  await policy.getByRole('button', { name: 'Add check' }).click();
  await page.keyboard.type('simulated run');
  await policy.getByRole('combobox', { name: 'Account' }).click();
  await policy.getByRole('option', { name: 'Ben (ben)' }).click();
  await policy.getByRole('button', { name: 'Add check' }).click();
  await page.keyboard.type('tests');
  await policy.getByRole('combobox', { name: 'Account' }).nth(1).click();
  await policy.getByRole('option', { name: 'any bench computer' }).click();
  await policy.getByRole('combobox', { name: 'Bench computers run only' }).click();
  await policy.locator('[name=bench_authors]').getByRole('option', { name: 'Ben (ben)' }).click();
  await page.keyboard.press('Escape');
  const owners = card(page, 'Owners');
  await owners.getByRole('button', { name: 'Edit' }).click();
  const imports = card(page, 'Imports');
  await imports.getByRole('button', { name: 'Edit' }).click();
  await isAccessible(t, page, 'all forms of a lab');
  await policy.getByRole('button', { name: 'Save' }).click();
  await policy.getByText('needs 2 approvals').waitFor();
  await policy.getByText('simulated run').waitFor();
  await policy.getByText('reported by any bench computer of the lab').waitFor();
  await policy.getByText('nobody but these people took part: Ben').waitFor();
  t.match(await ada.client.labs.read(nano.id), {
    direct_landing: 'nobody',
    required_approvals: 2,
    required_checks: { 'simulated run': ben.id, tests: '@bench' },
    bench_authors: [ben.id],
  });

  await owners.getByRole('button', { name: 'Save' }).click();
  await owners.getByText('Rule 1 needs files, a category or a manufacturer').waitFor();
  await write(page, 'Category', HOSTILE);
  await owners.getByRole('combobox', { name: 'Owners' }).click();
  await owners.getByRole('option', { name: 'Ada' }).click();
  await owners.getByRole('option', { name: 'Ben (ben)' }).click();
  await page.keyboard.press('Escape');
  await owners.getByRole('button', { name: 'Save' }).click();
  await owners.getByText('Ada or Ben').waitFor();
  t.match(await ada.client.labs.read(nano.id), {
    owners: [{ category: HOSTILE, users: [ada.id, ben.id] }],
  });

  await write(page, 'Exceptions', 'socket\nhttp, not-a-module!');
  await imports.getByRole('button', { name: 'Save' }).click();
  await imports.getByRole('alert').waitFor();
  await write(page, 'Exceptions', 'socket\nhttp');
  await imports.getByRole('button', { name: 'Save' }).click();
  await imports.getByRole('button', { name: 'Edit' }).waitFor();
  t.same((await ada.client.labs.read(nano.id)).allowed_imports, ['socket', 'http']);
  await isAccessible(t, page, 'lab');
  await takePictures(page, 'lab');

  await choose(page, 'Actions for Eve', 'Remove from lab');
  await dialog(page).getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('row', { name: 'Eve' }).waitFor({ state: 'detached' });
  await waitForFocus(page, 'h2');

  const viewer = await browser.open(lab, `/labs/${nano.id}`, { username: 'cleo' });
  await viewer.getByText('needs 2 approvals').waitFor();
  t.equal(await viewer.getByRole('button', { name: /Edit|Add|Actions/ }).count(), 0);
  await viewer.goto(`${lab.url}/labs/${lab.other.id}`);
  await viewer.getByRole('alert').getByText('no such lab', { exact: false }).waitFor();
  await viewer.goto(`${lab.url}/audit`);
  await viewer.getByRole('alert').getByText('Only site admins', { exact: false }).waitFor();
  await isAccessible(t, viewer, 'forbidden');
});

t.test(
  'tokens are created, shown once and deleted; a new password ends other sessions',
  async (t) => {
    const page = await browser.open(lab, '/account', { username: 'ben' });
    const tokens = card(page, 'Tokens');
    await tokens.getByRole('button', { name: 'New token' }).click();
    await write(page, 'Name', HOSTILE);
    await dialog(page).getByRole('radio', { name: 'read' }).click();
    await isAccessible(t, page, 'new token');
    await dialog(page).getByRole('button', { name: 'Create token' }).click();
    const secret = page.locator('registry-secret');
    const token = (await secret.locator('registry-copy code').textContent()) ?? '';
    t.match(await createClient({ url: lab.url, token }).me(), {
      user: { username: 'ben' },
      scope: 'read',
    });
    await isAccessible(t, page, 'account');
    await takePictures(page, 'account');
    await page.reload();
    await tokens.getByRole('row', { name: HOSTILE }).waitFor();
    t.equal(await page.getByText(token).count(), 0, 'the secret is not shown again');
    t.same(
      await page.evaluate(
        (part) =>
          [JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join().includes(part),
        token,
      ),
      false,
      'the browser does not store the page',
    );
    await tokens.getByRole('button', { name: 'Delete token <img' }).click();
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await tokens.getByRole('row', { name: HOSTILE }).waitFor({ state: 'detached' });
    await waitForFocus(page, 'h2');
    await t.rejects(createClient({ url: lab.url, token }).me(), /token/);

    const profile = card(page, 'Profile');
    await profile.getByRole('button', { name: 'Edit' }).click();
    await profile.getByLabel('Name').first().fill('Benedikt');
    await page.keyboard.press('Enter');
    await page.getByRole('banner').getByText('Benedikt').waitFor();
    await waitForFocus(page, 'wa-button.edit');

    const elsewhere = await browser.open(lab, '/account', { username: 'ben' });
    const password = card(page, 'Password');
    await password.getByRole('button', { name: 'Change' }).click();
    await waitForFocus(page, '[name=current_password]');
    await password.getByLabel('Current password').fill('not it');
    await password.getByLabel('New password', { exact: true }).fill('a better password');
    await password.getByLabel('Confirm new password').fill('a bitter password');
    await isAccessible(t, page, 'new password');
    await page.keyboard.press('Enter');
    await password.getByText('The new passwords do not match').waitFor();
    await password.getByLabel('Confirm new password').fill('a better password');
    await page.keyboard.press('Enter');
    await password.getByText('is not your password').waitFor();
    await password.getByLabel('Current password').fill('password of ben');
    await page.keyboard.press('Enter');
    await password.getByRole('button', { name: 'Change' }).waitFor();
    await page.reload();
    await tokens.getByRole('heading', { name: 'Tokens' }).waitFor();
    await elsewhere.reload();
    await elsewhere.waitForURL(/\/sign-in\?next=%2Faccount$/);
    t.pass('this session continues, the other one has ended');
  },
);

t.test('the audit trail can be filtered, opened and exported', async (t) => {
  const source_code = measurement('Audited');
  await lab.dan.client.definitions.create({ name: 'Audited', source_code, lab_id: lab.other.id });
  const page = await browser.open(lab, '/audit', { username: 'root' });
  await page.getByRole('combobox', { name: 'Action' }).click();
  await page.getByRole('option', { name: 'lab changed', exact: true }).click();
  await page.waitForURL(/action=lab\.changed/);
  const entries = page.getByRole('list', { name: 'Entries' }).getByRole('listitem');
  await page.getByText('3 entries').waitFor();
  await entries.nth(1).getByRole('button').focus();
  await page.keyboard.press('Enter');
  await entries.nth(1).getByRole('row', { name: 'owners' }).getByText('<img src=x').waitFor();
  await isAccessible(t, page, 'audit');
  await takePictures(page, 'audit');
  const saving = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export' }).click();
  const saved = await saving;
  t.equal(saved.suggestedFilename(), 'audit.jsonl');
  const chunks = await (await saved.createReadStream()).toArray();
  const lines = Buffer.concat(chunks).toString().trimEnd().split('\n');
  t.same(
    lines.map((line) => JSON.parse(line).action),
    ['lab.changed', 'lab.changed', 'lab.changed'],
    'the export has the filtered entries',
  );
  await entries.nth(1).getByRole('link', { name: 'all by ada' }).click();
  await page.waitForURL(/\/audit\?actor=ada$/);
  await page.getByRole('combobox', { name: 'Subject' }).click();
  await page.getByRole('option', { name: 'computer', exact: true }).click();
  await page.getByText('No entries match').waitFor();

  const admin = await browser.open(lab, '/audit', { username: 'dan' });
  await admin.getByText('Audited').first().waitFor();
  t.equal(await admin.getByText('Nano Optics').count(), 0, 'a lab admin sees only their own lab');
});
