/** The page that compares two versions: diffs and rollback. */
import t from 'tap';
import { isAccessible } from '../helpers/axe.ts';
import { startBrowser, takePictures } from '../helpers/browser.ts';
import { measurement, startRegistry } from '../helpers/registry.ts';

const registry = await startRegistry(t);
const browser = await startBrowser(t);
const { admin } = registry;
const [ada, cat] = [await registry.person('ada'), await registry.person('cat')];
const lab = await admin.client.labs.create({ name: 'Nano Optics', code: 'nano' });
await admin.client.labs.addMember(lab.id, ada.id, 'admin');
await admin.client.labs.addMember(lab.id, cat.id, 'viewer');

const first = measurement('Lockin', 1);
const { id } = await ada.client.definitions.create({
  name: 'Lockin',
  source_code: first,
  lab_id: lab.id,
});
const hostile = `# <script>alert(1)</script> <img src=x onerror=alert(2)>\n`;
await ada.client.definitions.change(id, {
  source_code: hostile + first.replace('in volts', 'in millivolts'),
  files: { 'notes.txt': 'calibrated\n' },
  change_summary: 'Speak of <b>millivolts</b>',
});

t.test('the diff marks changed lines and words, unified or side by side', async (t) => {
  const page = await browser.open(registry, '/definitions/Lockin/compare', { username: 'cat' });
  const file = page.locator('registry-diff-file').filter({ hasText: 'Lockin.py' });
  await file.locator('ins mark', { hasText: 'millivolts' }).waitFor();
  await file.locator('del mark', { hasText: 'volts' }).waitFor();
  await page.getByText('<script>alert(1)</script>').waitFor();
  await isAccessible(t, page, 'compare');
  await takePictures(page, 'compare');

  await page.getByRole('radio', { name: 'Side by side' }).click();
  await file.locator('.split').first().waitFor();
  await isAccessible(t, page, 'side by side');
  await takePictures(page, 'compare-split');
  await page.reload();
  await file.locator('.split').first().waitFor();
  await page.getByRole('spinbutton', { name: 'From version' }).fill('2');
  await page.keyboard.press('Enter');
  await page.getByText('No differences').waitFor();
  t.equal(
    await page.getByRole('button', { name: /Roll back/ }).count(),
    0,
    'a viewer cannot roll back',
  );
});

t.test('a lab admin rolls back with a reason and sees the new version', async (t) => {
  const page = await browser.open(registry, '/definitions/Lockin/compare?from=1&to=2', {
    username: 'ada',
  });
  await page.getByRole('button', { name: 'Roll back to v1' }).click();
  const dialog = page.locator('registry-confirm');
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('volts it is');
  await dialog.getByRole('button', { name: 'Roll back to v1' }).click();
  await page.waitForURL('**/definitions/Lockin');
  t.equal((await ada.client.definitions.read(id)).version, 3);
  t.match(
    (await ada.client.definitions.version(id, 3)).change_summary,
    /Revert to v1\n\nvolts it is/,
  );
});

t.test('without direct landing, the button proposes the rollback', async (t) => {
  await ada.client.labs.change(lab.id, { direct_landing: 'nobody' });
  const page = await browser.open(registry, '/definitions/Lockin/compare?from=2&to=3', {
    username: 'ada',
  });
  await page.getByRole('button', { name: 'Propose rollback to v2' }).click();
  const dialog = page.locator('registry-confirm');
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('millivolts after all');
  await dialog.getByRole('button', { name: 'Open merge request' }).click();
  await page.waitForURL('**/merge-requests/1');
  t.equal((await ada.client.definitions.read(id)).version, 3, 'nothing has landed');
});

t.test('any of many versions is chosen by its number', async (t) => {
  const { id } = await ada.client.definitions.create({
    name: 'Aged',
    source_code: measurement('Aged'),
    lab_id: lab.id,
    override: 'many versions for the test',
  });
  for (let version = 2; version <= 60; version += 1) {
    await ada.client.definitions.change(id, {
      files: { 'count.txt': `${version}\n` },
      change_summary: `Count to ${version}`,
      override: 'many versions for the test',
    });
  }
  const page = await browser.open(registry, '/definitions/Aged/compare', { username: 'ada' });
  const [from, to] = [
    page.getByRole('spinbutton', { name: 'From version' }),
    page.getByRole('spinbutton', { name: 'To version' }),
  ];
  await page.getByText('Count to 60').waitFor();
  t.same(
    [await from.inputValue(), await to.inputValue()],
    ['59', '60'],
    'the newest version by default',
  );
  await from.fill('3');
  await from.press('Enter');
  await page.getByText('Count to 3', { exact: false }).first().waitFor();
  await page.getByRole('button', { name: 'Propose rollback to v3' }).waitFor();
  await from.press('ArrowDown');
  await page.getByText('Count to 2').waitFor();
  await page.locator('del', { hasText: '2' }).first().waitFor();
  await from.fill('61');
  await from.press('Enter');
  await page.getByRole('alert').getByText('Aged has no version 61').waitFor();
});

t.test('equal versions have an empty state, and a long diff is folded', async (t) => {
  const lines = Array.from({ length: 5000 }, (_, n) => `# line ${n}`).join('\n');
  await admin.client.definitions.change(id, {
    files: { 'long.py': lines },
    override: 'a long file for the test',
  });
  const page = await browser.open(registry, '/definitions/Lockin/compare?from=1&to=3', {
    username: 'cat',
  });
  await page.getByText('No differences').waitFor();
  await page.goto(`${registry.url}/definitions/Lockin/compare?from=3&to=4`);
  const long = page.locator('registry-diff-file').filter({ hasText: 'long.py' });
  const unfold = long.getByRole('button', { name: 'Show 5000 changed lines' });
  await unfold.waitFor();
  t.equal(await long.locator('ins').count(), 0);
  const before = await page.evaluate(() => performance.now());
  await unfold.click();
  await long.getByText('# line 999', { exact: true }).waitFor({ state: 'attached' });
  const took = (await page.evaluate(() => performance.now())) - before;
  t.comment(`unfolding the first of 5000 lines: ${took.toFixed(0)} ms`);
  t.ok(took < 5000, 'the page stays responsive');
  t.equal(await long.locator('ins').count(), 1000, 'the first 1,000 lines only');
  await long.getByRole('button', { name: 'Show more (4,000 lines left)' }).click();
  await long.getByText('# line 1999', { exact: true }).waitFor({ state: 'attached' });
});
