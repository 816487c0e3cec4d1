/** The editor: findings, forms, drafts, lost updates, and new definitions. */
import type { Page } from 'playwright-core';
import t from 'tap';
import { isAccessible } from '../helpers/axe.ts';
import { startBrowser, takePictures } from '../helpers/browser.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(180_000);
const lab = await startLab(t);
const browser = await startBrowser(t);
const { ada, ben, nano } = lab;

async function create(name: string, files: Record<string, string> = {}) {
  const source_code = measurement(name);
  return await ada.client.definitions.create({ name, source_code, files, lab_id: nano.id });
}

/** Replaces the text in the editor by keyboard. */
async function write(page: Page, text: string) {
  const code = page.getByRole('textbox', { name: /^Contents of/ });
  await code.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}

/** Starts to record tasks. The returned function gives the duration of the longest task, in milliseconds. */
async function watchTasks(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const durations = [0];
    Object.assign(globalThis, { durations });
    new PerformanceObserver((list) => {
      durations.push(...list.getEntries().map(({ duration }) => duration));
    }).observe({ type: 'longtask' });
  });
  return async () =>
    await page.evaluate(() =>
      Math.max(...(globalThis as unknown as { durations: number[] }).durations),
    );
}

t.test('findings appear while typing, first from ruff and then from the registry', async (t) => {
  const { id } = await create('Typed');
  const page = await browser.open(lab, '/definitions/Typed/edit', { username: 'ada' });
  await page.getByText('No problems found.').waitFor();
  t.ok(
    await page.getByRole('button', { name: 'Save as version 2' }).isDisabled(),
    'nothing to save',
  );
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await write(page, 'class Typed(:\n');
  await page.locator('.cm-lintRange-error').first().waitFor();
  await page.getByRole('tab', { name: /Problems \(\d+\)/ }).waitFor();
  await isAccessible(t, page, 'editor with errors');
  await takePictures(page, 'editor-errors');
  await page.getByRole('button', { name: 'Save as version 2' }).click();
  await page.getByRole('alert').first().waitFor();
  t.equal((await ada.client.definitions.read(id)).version, 1, 'a syntax error does not land');

  await write(page, `import os\n${measurement('Typed', 2)}`);
  await page.getByText('Importing os is not allowed here').first().waitFor();
  t.ok(
    asked.some((path) => path.endsWith(`/${id}/validate`)),
    'the registry checks the import policy of the lab',
  );
  await write(page, measurement('Typed', 2));
  await page.getByText('No problems found.').waitFor();
  await page.getByLabel('What you changed, and why').fill('Measures two');
  await page.getByRole('button', { name: 'Save as version 2' }).click();
  await page.waitForURL('**/definitions/Typed');
  t.match(await ada.client.definitions.version(id, 2), { change_summary: 'Measures two' });
});

t.test('the metadata and settings forms edit the header', async (t) => {
  const { id } = await create('Described');
  const page = await browser.open(lab, '/definitions/Described/edit', { username: 'ada' });
  await page.getByRole('tab', { name: 'Metadata' }).click();
  await page.getByRole('textbox', { name: 'Category' }).fill('Lock-ins <script>');
  await page.getByRole('textbox', { name: 'Category' }).press('Tab');
  const code = page.getByRole('textbox', { name: /^Contents of/ });
  await code.getByText('category = "Lock-ins <script>"').waitFor();
  await isAccessible(t, page, 'metadata form');
  const header = `# /// script
# [tool.pybirch.settings-schema.properties.range]
# type = "number"
# minimum = 1
# maximum = 10
# description = "Full scale (V) <b>"
#
# [tool.pybirch.settings-schema.properties.coupling]
# enum = ["AC", "DC"]
# ///
`;
  await write(page, header + measurement('Described'));
  await page.getByRole('tab', { name: 'Settings' }).click();
  await page.getByRole('spinbutton', { name: 'range' }).fill('5');
  await page.getByRole('spinbutton', { name: 'range' }).press('Tab');
  await isAccessible(t, page, 'settings form');
  await takePictures(page, 'editor-settings');
  await page.getByRole('button', { name: 'Use as defaults' }).click();
  await page.getByRole('button', { name: 'Save as version 2' }).click();
  await page.waitForURL('**/definitions/Described');
  t.same((await ada.client.definitions.read(id)).default_settings, { range: 5 });
});

t.test('unsaved work survives a reload and can be discarded', async (t) => {
  await create('Drafted');
  const page = await browser.open(lab, '/definitions/Drafted/edit', { username: 'ben' });
  await page.getByText('No problems found.').waitFor();
  await write(page, `# unsaved\n${measurement('Drafted')}`);
  await page
    .getByRole('button', { name: 'Propose for review' })
    .and(page.locator(':enabled'))
    .waitFor();
  await page.reload();
  await page.getByText('Your unsaved work from').waitFor();
  await page.getByText('# unsaved').waitFor();
  await page.getByRole('button', { name: 'Discard' }).click();
  await page.getByText('# unsaved').waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('textbox', { name: /^Contents of/ }).waitFor();
  t.equal(await page.getByText('Your unsaved work from').count(), 0);
});

t.test('an unreachable registry and an ended session lose no text', async (t) => {
  const { id } = await create('Stormy');
  const page = await browser.open(lab, '/definitions/Stormy/edit', { username: 'ada' });
  await page.getByText('No problems found.').waitFor();
  await write(page, measurement('Stormy', 2));
  await page.getByLabel('What you changed, and why').fill('Measures two');
  const saves = (address: URL) => address.pathname === `/api/instrument-definitions/${id}`;
  await page.route(saves, (route) => route.abort());
  await page.getByRole('button', { name: 'Save as version 2' }).click();
  await page.getByText('The registry cannot be reached').first().waitFor();
  await takePictures(page, 'editor-away');
  await page.unroute(saves);
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Save as version 2' }).click();
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
  const form = page.locator('session-ended-dialog');
  await form.getByLabel('Password', { exact: true }).fill('password of ada');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/definitions/Stormy');
  const version = await ada.client.definitions.version(id, 2);
  t.match(version, { change_summary: 'Measures two', source_code: measurement('Stormy', 2) });

  await page.goto(`${lab.url}/definitions/Stormy/edit`);
  await page.getByText('No problems found.').waitFor();
  await write(page, measurement('Stormy', 3));
  await page.route(saves, async (route) => {
    await route.fetch();
    await route.abort();
  });
  const save = page.getByRole('button', { name: 'Save as version 3' });
  await save.click();
  await page.getByText('The registry cannot be reached').first().waitFor();
  await page.unroute(saves);
  await save.click();
  await page.waitForURL('**/definitions/Stormy');
  t.match(
    await ada.client.definitions.read(id),
    { version: 3 },
    'the text is saved once although the first answer was lost',
  );
});

t.test('editing and comparing a file of 300 KB stays responsive', async (t) => {
  const points = (factor: number) =>
    Array.from(
      { length: 10_000 },
      (_, n) => `    (${n}, ${(n * factor).toFixed(4)}),  # as measured`,
    );
  const source = (factor: number) =>
    `${measurement('Curve')}\n\nCURVE = [\n${points(factor).join('\n')}\n]\n`;
  t.ok(source(0.1).length > 300_000);
  const { id } = await ada.client.definitions.create({
    name: 'Curve',
    source_code: source(0.1),
    lab_id: nano.id,
  });
  const page = await browser.open(lab, '/definitions/Curve/edit', { username: 'ada' });
  await page.getByText('No problems found.').waitFor();
  await page.getByRole('textbox', { name: /^Contents of/ }).click();
  await page.keyboard.press('ControlOrMeta+Home');
  let longest = Number.POSITIVE_INFINITY;
  // Other tests on the same machine can slow a page down, so there are further tries.
  for (let n = 1; n <= 3 && longest >= 400; n += 1) {
    const longestTask = await watchTasks(page);
    await page.keyboard.type(`# note ${n}`);
    await page.keyboard.press('Enter');
    await page.getByText(`# note ${n}`).waitFor();
    await page.getByText('No problems found.').waitFor();
    longest = await longestTask();
  }
  t.comment(`longest task while typing in 300 KB: ${longest} ms`);
  t.ok(longest < 400, `the longest task took ${longest} ms`);
  await page.getByRole('button', { name: 'Save as version 2' }).click();
  await page.waitForURL('**/definitions/Curve');
  await ada.client.definitions.change(id, { source_code: source(0.2) });
  await page.goto(`${lab.url}/definitions/Curve/compare?from=1&to=3`);
  const folded = page.getByRole('button', { name: /Show 1\d+ changed lines/ });
  await folded.waitFor();
  const began = Date.now();
  await folded.click();
  await page.getByText('180.0000').first().waitFor({ state: 'attached' });
  t.comment(`the first of 20,000 changed lines are there after ${Date.now() - began} ms`);
  t.ok(Date.now() - began < 5_000);
});

t.test('an edit keeps Windows line endings', async (t) => {
  const source_code = measurement('Windows').replaceAll('\n', '\r\n');
  const { id } = await ada.client.definitions.create({
    name: 'Windows',
    source_code,
    lab_id: nano.id,
  });
  const page = await browser.open(lab, '/definitions/Windows/edit', { username: 'ada' });
  await page.getByText('No problems found.').waitFor();
  await page.getByRole('textbox', { name: /^Contents of/ }).click();
  await page.keyboard.press('ControlOrMeta+Home');
  await page.keyboard.type('# a note');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Save as version 2' }).click();
  await page.waitForURL('**/definitions/Windows');
  const saved = await ada.client.definitions.read(id);
  t.equal(saved.source_code, `# a note\r\n${source_code}`);
});

t.test('after a lost update, both changes or one of them can be kept', async (t) => {
  const { id } = await create('Raced', { 'notes.txt': 'one\n' });
  const page = await browser.open(lab, '/definitions/Raced/edit', { username: 'ada' });
  await page.getByText('No problems found.').waitFor();
  await write(page, `${measurement('Raced')}# mine\n`);
  await lab.admin.client.definitions.change(id, {
    source_code: `# theirs\n${measurement('Raced')}`,
  });
  await page.getByRole('button', { name: 'Save as version 2' }).click();
  await page.getByText('Version 2 landed while you were editing').waitFor();
  await isAccessible(t, page, 'lost update');
  await takePictures(page, 'editor-lost-update');
  await page.getByRole('button', { name: 'Keep both changes' }).click();
  await page.getByRole('button', { name: 'Save as version 3' }).click();
  await page.waitForURL('**/definitions/Raced');
  t.equal(
    (await ada.client.definitions.read(id)).source_code,
    `# theirs\n${measurement('Raced')}# mine\n`,
  );

  await page.goto(`${lab.url}/definitions/Raced/edit`);
  await page.getByText('No problems found.').waitFor();
  await write(page, `# ours\n${measurement('Raced')}`);
  await lab.admin.client.definitions.change(id, {
    source_code: `# other\n${measurement('Raced')}`,
  });
  await page.getByRole('button', { name: 'Save as version 4' }).click();
  await page.getByText('You and the new version changed the same lines').waitFor();
  await page.getByRole('button', { name: 'Keep my changes' }).click();
  await page.getByRole('button', { name: 'Save as version 5' }).click();
  await page.waitForURL('**/definitions/Raced');
  t.match((await ada.client.definitions.read(id)).source_code, /^# ours/);
});

t.test('a contributor proposes a change of several files', async (t) => {
  const { id } = await create('Several');
  const page = await browser.open(lab, '/definitions/Several/edit', { username: 'ben' });
  await page.getByRole('button', { name: 'Add file' }).click();
  await page
    .locator('registry-file-tabs')
    .getByRole('textbox', { name: 'File name' })
    .fill('helper.py');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Contents of helper.py' }).waitFor();
  await write(page, 'def f():\n    nonlocal gain\n');
  await page.getByText("no binding for nonlocal 'gain' found").waitFor();
  await write(page, 'GAIN = 2\n');
  await page.getByText('No problems found.').waitFor();
  await page.getByRole('button', { name: 'Propose for review' }).click();
  await page.waitForURL('**/merge-requests/*');
  await page.getByRole('heading', { level: 1 }).waitFor();
  t.equal((await ada.client.definitions.read(id)).version, 1);
  const { items } = await ben.client.mergeRequests.list({ state: 'open' });
  t.match(items[0]?.definition, { name: 'Several' });
});

t.test('a new definition from an unchanged template can land', async (t) => {
  const page = await browser.open(lab, '/new', { username: 'ada' });
  await page.getByRole('textbox', { name: 'Class name' }).fill('Fresh');
  await page.getByRole('textbox', { name: 'Class name' }).press('Tab');
  await page.getByText('No problems found.').waitFor();
  await takePictures(page, 'new');
  await page.getByRole('button', { name: 'Save as version 1' }).click();
  await page.waitForURL('**/definitions/Fresh');
  t.match(await ada.client.definitions.byName('Fresh'), {
    version: 1,
    base_class: 'VisaBaseMeasurementInstrument',
  });
});

t.test('a pasted class gives its name, and a taken name is replaced by a free one', async (t) => {
  await create('Lockin');
  const page = await browser.open(lab, '/new', { username: 'ada' });
  await write(page, measurement('Lockin'));
  await page.getByRole('button', { name: 'Save as version 1' }).click();
  await page.getByRole('button', { name: 'Use class name Lockin' }).click();
  t.equal(await page.getByRole('textbox', { name: 'Class name' }).inputValue(), 'Lockin');
  await page.getByRole('button', { name: 'Lockin.py' }).waitFor();
  await page.getByRole('button', { name: 'Save as version 1' }).click();
  const free = `Lockin_${nano.code[0]?.toUpperCase()}${nano.code.slice(1)}`;
  const rename = page.getByRole('button', { name: `Rename to ${free}` });
  await rename.waitFor();
  await isAccessible(t, page, 'a taken name');
  await takePictures(page, 'new-name-taken', true);
  await rename.click();
  await page.getByText(`class ${free}(`).waitFor();
  await page.getByRole('button', { name: 'Save as version 1' }).click();
  await page.waitForURL(`**/definitions/${free}`);
  t.match(await ada.client.definitions.byName(free), { version: 1 });
});

t.test('the editor tells viewers that they cannot edit', async (t) => {
  await create('Read');
  const page = await browser.open(lab, '/definitions/Read/edit', { username: 'cleo' });
  await page.getByText('You can read this definition, but not change it').waitFor();
  t.equal(await page.getByRole('textbox', { name: /^Contents of/ }).count(), 0);
});
