/** The page of a definition: overview, code, versions and live updates. */
import { createHash } from 'node:crypto';
import t from 'tap';
import { landBuiltins } from '../../registry/services/start/builtins.ts';
import { isAccessible } from '../helpers/axe.ts';
import { focusedText, startBrowser, takePictures } from '../helpers/browser.ts';
import { enrolComputer } from '../helpers/lab.ts';
import { measurement, startRegistry } from '../helpers/registry.ts';

t.setTimeout(180_000);
const registry = await startRegistry(t);
const browser = await startBrowser(t);
const ada = await registry.person('ada');
const bob = await registry.person('bob');
await registry.person('vic');
const lab = await registry.admin.client.labs.create({ name: 'Nano Optics', code: 'nano' });
for (const [person, role] of [
  [ada, 'contributor'],
  [bob, 'admin'],
] as const) {
  await registry.admin.client.labs.addMember(lab.id, person.id, role);
}

/** Lands a version that ada wrote and bob approved. */
async function review(id: number, value: number, change_summary: string): Promise<void> {
  const { merge_request } = await ada.client.definitions.change(id, {
    source_code: measurement('Spectro', value),
    change_summary,
  });
  const request = await bob.client.mergeRequests.read(merge_request?.id as number);
  await bob.client.mergeRequests.review(request.id, { verdict: 'approve', head: request.head });
  await bob.client.mergeRequests.merge(request.id, { head: request.head });
}

const spectro = await bob.client.definitions.create({
  name: 'Spectro',
  source_code: measurement('Spectro'),
  lab_id: lab.id,
  files: { 'lines.py': 'LINES = [404.7, 435.8]\n', 'notes.txt': 'Calibrated in spring.\n' },
});

t.test('the page of a built-in shows its data, settings, provenance and code', async (t) => {
  await landBuiltins(registry.deps, () => undefined);
  const page = await browser.open(registry, '/definitions/SR830', { username: 'vic' });
  await page.getByRole('heading', { name: 'SR830 Lock-In Amplifier', level: 1 }).waitFor();
  const provenance = page.locator('definition-provenance');
  await provenance.getByText('Signed by the registry').waitFor();
  await page.getByRole('row', { name: /theta/ }).getByText('deg').waitFor();
  const harmonic = page.getByRole('row', { name: /harmonic/ }).first();
  await harmonic.getByText('1 … 19999').waitFor();
  await page.getByText(`git clone ${registry.url}/definitions/SR830.git`).waitFor();
  t.equal(await page.getByRole('link', { name: 'Edit' }).count(), 0, 'a viewer cannot edit');
  await takePictures(page, 'definition');
  await provenance.getByText('SHA-256 of the files').click();
  const source = createHash('sha256').update(
    await registry.admin.client.definitions.source(
      (await registry.admin.client.definitions.byName('SR830')).id,
    ),
  );
  await provenance.getByText(source.digest('hex')).waitFor();
  await isAccessible(t, page, 'overview');

  await page.getByRole('link', { name: 'Code' }).click();
  await page.locator('registry-code .tok-keyword').first().waitFor();
  t.match(await page.locator('registry-code pre').textContent(), 'class SR830(');
  await isAccessible(t, page, 'code');
  await takePictures(page, 'definition-code');
});

t.test('the page says what bench computers tested, with what result', async (t) => {
  const bench = await enrolComputer(registry, bob, lab.id, 'BENCH-01');
  await bob.client.computers.change(bench.id, { is_bench: true });
  const items = ['tests/a.jsonl', 'tests/b.jsonl', 'simulator'].map((name) => ({
    ...{ name, state: 'passed' as const, seconds: 0.3 },
  }));
  const environment = { python: '3.13.1', packages: { numpy: '2.3.0' } };
  const details = { items, environment };
  await bench.client.definitions.postResult(spectro.id, 1, { state: 'success', details });
  const page = await browser.open(registry, '/definitions/Spectro', { username: 'bob' });
  await page.getByText('Tested: 2 recordings, simulator, on 1 computer').waitFor();
  await page.getByText('BENCH-01').waitFor();
  await page.getByText('3 passed').click();
  await page.getByText('numpy 2.3.0').waitFor();
  await isAccessible(t, page, 'tests');
  await takePictures(page, 'definition-tests', true);
});

t.test('the timeline shows the people, verdicts and computers of each version', async (t) => {
  await review(spectro.id, 2, 'Measure twice\n\nThe second reading is the better one.');
  await review(spectro.id, 3, 'Measure three times');
  await bob.client.definitions.revoke(spectro.id, 2, 'Reads the wrong channel');
  for (const [name, versions] of [
    ['optics-1', { installed: { Spectro: 2 }, loaded: { Spectro: 2 } }],
    ['optics-2', { installed: { Spectro: 3 }, loaded: { Spectro: 1 } }],
    ['optics-3', { installed: { Spectro: 3 } }],
  ] as const) {
    const { client } = await enrolComputer(registry, bob, lab.id, name);
    await client.sync.report(versions);
  }
  const page = await browser.open(registry, '/definitions/Spectro?view=versions', {
    username: 'bob',
  });
  const second = page.getByRole('listitem').filter({ hasText: 'Measure twice' });
  for (const text of ['approved by Bob', 'landed by bob', 'revoked', 'Reads the wrong channel']) {
    await second.getByText(text).first().waitFor();
  }
  await second.getByText('on 1 computer, in use on 1').waitFor();
  const newest = page.getByRole('listitem').filter({ hasText: 'Measure three times' });
  await newest.getByText('on 2 computers').waitFor();
  const first = page.getByRole('listitem').filter({ hasText: 'Add Spectro' });
  await first.getByText('still in use on 1 computer').waitFor();
  await isAccessible(t, page, 'versions');
  await takePictures(page, 'definition-versions');

  await page.getByRole('button', { name: 'Actions for version 1' }).click();
  await page.getByRole('menuitem', { name: 'Deprecate' }).click();
  const dialog = page.locator('registry-confirm');
  await dialog.getByRole('button', { name: 'Deprecate' }).click();
  t.ok(await dialog.getByRole('button', { name: 'Deprecate' }).isVisible(), 'a reason is required');
  await isAccessible(t, page, 'a question');
  await dialog.getByLabel('Reason').fill('Version 3 is quicker');
  await dialog.getByRole('button', { name: 'Deprecate' }).click();
  const warned = page.getByRole('listitem').filter({ hasText: 'Version 3 is quicker' });
  await warned.getByText('deprecated', { exact: true }).waitFor();
  await page.getByText('Version 1 was deprecated').waitFor();
  t.match(await focusedText(page), 'Actions for version 1', 'the focus returns to the button');
  const { deprecated } = await bob.client.definitions.version(spectro.id, 1);
  t.match(deprecated, { by: 'bob', reason: 'Version 3 is quicker' });
});

t.test('an older version shows its own files and links to the newest', async (t) => {
  const page = await browser.open(registry, '/definitions/Spectro?view=code&version=2', {
    username: 'ada',
  });
  await page.getByText('This is version 2.').waitFor();
  await page.getByText('was revoked').waitFor();
  t.match(await page.locator('registry-code pre').textContent(), '2.0');
  await page.getByRole('link', { name: 'notes.txt' }).click();
  await page.getByText('Calibrated in spring.').waitFor();
  await page.getByRole('link', { name: 'Go to the newest version' }).click();
  await page.getByText('This is version 2.').waitFor({ state: 'hidden' });
  t.equal(new URL(page.url()).search, '');
});

t.test(
  'open pages show a new version at once, and the instruments with their computers',
  async (t) => {
    const instrument = await bob.client.instruments.create({
      name: 'Table 3 spectrometer',
      lab_id: lab.id,
      definition_id: spectro.id,
      location: 'Room 12',
    });
    await bob.client.computers.create({ computer_name: 'optics-pc', lab_id: lab.id });
    await bob.client.instruments.bind(instrument.id, 'optics-pc', { adapter: 'USB0::1::INSTR' });
    await ada.client.definitions.change(spectro.id, {
      source_code: measurement('Spectro', 4),
      change_summary: 'Measure four times',
    });
    const page = await browser.open(registry, '/definitions/Spectro', { username: 'ada' });
    await page
      .getByRole('row', { name: /Table 3 spectrometer/ })
      .getByText('optics-pc')
      .waitFor();
    await page.getByRole('link', { name: /^!\d+ Measure four times/ }).waitFor();
    const review = page.locator('definition-provenance').getByRole('link', { name: /^!\d+/ });
    t.match(await review.textContent(), 'Measure three times', 'the review of the shown version');
    await isAccessible(t, page, 'overview with instruments');
    await takePictures(page, 'definition-instruments');

    const other = await browser.open(registry, '/definitions/Spectro', { username: 'bob' });
    await other.getByText('v3', { exact: true }).waitFor();
    await bob.client.definitions.change(spectro.id, {
      files: { 'notes.txt': 'Calibrated in autumn.\n' },
      change_summary: 'Calibrate',
    });
    for (const window of [page, other]) await window.getByText('v4', { exact: true }).waitFor();
    t.pass('both windows show version 4');
  },
);

t.test(
  'a lab admin archives a definition and restores it from the archive; other labs see nothing',
  async (t) => {
    const page = await browser.open(registry, '/definitions/Spectro', { username: 'bob' });
    const unbound = await bob.client.instruments.list({ definition_id: spectro.id });
    for (const { id } of unbound.items) await bob.client.instruments.remove(id);
    await page.getByRole('button', { name: 'Manage' }).click();
    await page.getByRole('menuitem', { name: 'Archive' }).click();
    await page.locator('registry-confirm').getByRole('button', { name: 'Archive' }).click();
    await page.getByText('This definition is archived').waitFor();
    const reader = await browser.open(registry, '/definitions/Spectro/edit', { username: 'ada' });
    await reader.getByText('is archived and cannot be changed').waitFor();
    await reader.getByRole('link', { name: 'its page' }).click();
    await reader.getByText('archived', { exact: true }).waitFor();
    t.equal(await reader.getByRole('button', { name: 'Unarchive' }).count(), 0);

    await page.goto(`${registry.url}/`);
    await page.getByRole('link', { name: 'Simulated Spectrometer' }).waitFor();
    t.equal(await page.getByRole('link', { name: 'Spectro', exact: true }).count(), 0);
    await page
      .getByRole('region', { name: 'Status' })
      .getByRole('link', { name: 'archived' })
      .click();
    await page.getByText('1 archived definition', { exact: true }).waitFor();
    await page
      .getByRole('row', { name: /Spectro/ })
      .getByText('archived', { exact: true })
      .waitFor();
    await isAccessible(t, page, 'archived');
    await takePictures(page, 'definitions-archived');
    await page.getByRole('link', { name: 'Spectro' }).click();
    await page.getByRole('button', { name: 'Unarchive' }).click();
    await page.locator('registry-confirm').getByRole('button', { name: 'Unarchive' }).click();
    await page.getByRole('button', { name: 'Manage' }).waitFor();
    t.match(await bob.client.definitions.byName('Spectro'), { is_archived: false });
    const other = await browser.open(registry, '/definitions/Spectro', { username: 'vic' });
    await other.getByText('Definition not found').waitFor();
    const nobody = await browser.open(registry, '/definitions/Never');
    await nobody.getByRole('link', { name: 'Sign in' }).last().waitFor();
    await isAccessible(t, nobody, 'absent');
  },
);

t.test('hostile text stays text in every view', async (t) => {
  const hostile = `"><img src=x onerror="globalThis.pwned = 1"><script>globalThis.pwned = 1</script>`;
  const source = measurement('Hostile').replace(
    'Measures a constant, in volts.',
    hostile.replaceAll('"', "'"),
  );
  const made = await bob.client.definitions.create({
    name: 'Hostile',
    source_code: source,
    lab_id: lab.id,
    display_name: hostile,
    category: hostile,
    manufacturer: hostile,
    data_columns: [hostile],
    data_units: [hostile],
    default_settings: { [hostile]: hostile },
    settings_schema: {
      properties: { mode: { title: hostile, enum: [hostile], pattern: hostile } },
    },
    files: { 'x.txt': hostile },
    change_summary: `${hostile}\n\n${hostile}`,
  });
  await bob.client.definitions.deprecate(made.id, 1, hostile);
  await bob.client.instruments.create({
    name: hostile,
    lab_id: lab.id,
    definition_id: made.id,
    location: hostile,
  });
  await ada.client.definitions.change(made.id, {
    files: { 'x.txt': 'y' },
    change_summary: hostile,
  });
  const page = await browser.open(registry, '/definitions/Hostile', { username: 'bob' });
  for (const view of ['', '?view=code', '?view=code&file=x.txt', '?view=versions']) {
    await page.goto(`${registry.url}/definitions/Hostile${view}`);
    await page.getByText('globalThis.pwned').first().waitFor();
    await page.waitForLoadState('networkidle');
    t.equal(await page.evaluate(() => 'pwned' in globalThis), false, `/definitions/Hostile${view}`);
    t.equal(await page.locator('img[src="x"]').count(), 0);
    if (!view.includes('file')) await isAccessible(t, page, `hostile ${view}`);
  }
});
