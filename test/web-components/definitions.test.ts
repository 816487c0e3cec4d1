/** The list of definitions: search, filters, empty states, and speed with many definitions. */
import { cp } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import t from 'tap';
import { runCommand } from '../../registry/cli/commands.ts';
import type { Lab } from '../../registry/schemas/people.ts';
import { landBuiltins } from '../../registry/services/start/builtins.ts';
import { isAccessible } from '../helpers/axe.ts';
import { startBrowser, takePictures } from '../helpers/browser.ts';
import { git } from '../helpers/git.ts';
import { measurement, startRegistry } from '../helpers/registry.ts';

t.setTimeout(180_000);
const registry = await startRegistry(t);
const browser = await startBrowser(t);
const { client } = registry.admin;
await registry.person('outsider');
const ada = await registry.person('ada');
let lab: Lab;

t.test('a new registry shows its site admin the first steps', async (t) => {
  const page = await browser.open(registry, '/', { username: 'root' });
  await page.getByRole('region', { name: 'First steps' }).waitFor();
  await isAccessible(t, page, 'first steps');
  await takePictures(page, 'first-steps');
});

const shown = (page: Page) => page.locator('registry-table tbody tr');
const countOf = (page: Page) => page.locator('definitions-page').getByRole('status').first();

t.test('an empty list says how to add definitions', async (t) => {
  lab = await client.labs.create({ name: 'Nano Optics', code: 'nano' });
  await client.labs.addMember(lab.id, ada.id, 'contributor');
  const page = await browser.open(registry, '/', { username: 'ada' });
  await page.getByText('No definitions yet').waitFor();
  await isAccessible(t, page, 'no definitions');
});

t.test('without visible definitions, a visitor goes to the sign-in page', async (t) => {
  const page = await browser.open(registry, '/');
  await page.waitForURL('**/sign-in');
  t.pass('nothing else is shown');
});

t.test('search while typing, facets, and the address have the same filters', async (t) => {
  await landBuiltins(registry.deps, () => undefined);
  await client.definitions.create({
    name: 'HomeMade',
    source_code: measurement('HomeMade'),
    lab_id: lab.id,
    category: 'Lock-In Amplifiers',
  });
  const page = await browser.open(registry, '/', { username: 'ada' });
  await page.getByRole('link', { name: 'HomeMade' }).waitFor();
  const { total } = await ada.client.definitions.list();
  t.equal((await countOf(page).textContent())?.trim(), `${total} definitions`);
  await takePictures(page, 'definitions');

  await page.keyboard.press('/');
  await page.keyboard.type('lock');
  await page.waitForURL('**/?q=lock');
  const facet = (name: string) => page.getByRole('region', { name });
  await facet('Category')
    .getByRole('link', { name: /^Lock-In/ })
    .click();
  await page.waitForURL(/category=Lock-In/);
  await facet('Origin').getByRole('link', { name: /^Labs/ }).click();
  await page.getByText('1 definition', { exact: true }).waitFor();
  t.equal(await shown(page).count(), 1);
  await page.reload();
  await page.getByRole('link', { name: 'HomeMade' }).waitFor();
  t.equal(await shown(page).count(), 1, 'the same after a reload');
  t.equal(await page.getByRole('searchbox').inputValue(), 'lock');
  await page.goBack();
  await page.waitForURL((address) => !address.search.includes('is_builtin'));
  await page.getByRole('searchbox').fill('nothing is called like this');
  await page.getByText('No definitions match').waitFor();
  await isAccessible(t, page, 'no match');
});

t.test('imported definitions can be found, read and edited like any other', async (t) => {
  const folder = t.testdir();
  await cp(fileURLToPath(new URL('../fixtures/lab-folder', import.meta.url)), folder, {
    recursive: true,
  });
  await git(['init', '-q'], { cwd: folder });
  await git(['add', '.'], { cwd: folder });
  const env = { GIT_AUTHOR_NAME: 'Grace', GIT_AUTHOR_EMAIL: 'grace@lab.example' };
  await git(['commit', '-qm', 'What stands on the laser table'], { cwd: folder, env });
  const output: string[] = [];
  const say = (line: string) => void output.push(line);
  const terminal = { out: say, err: say, progress: () => {} };
  const options = { folder, lab: 'nano' };
  t.equal(await runCommand(registry.deps, { command: 'import', options }, terminal), 0);
  t.match(output.join('\n'), /old_gauge\.py/, 'broken files are named');

  const page = await browser.open(registry, `/?lab_id=${lab.id}`, { username: 'ada' });
  const maker = page.getByRole('region', { name: 'Manufacturer' });
  await maker.getByRole('link', { name: 'Standa' }).click();
  await page.getByText('2 definitions', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Attenuator' }).click();
  await page.getByText('set by the share of the light').waitFor();
  await page.getByRole('link', { name: 'Code' }).click();
  await page.getByRole('link', { name: 'transmission.csv' }).click();
  await page.getByText('45,0.998').waitFor();
  await page.getByRole('link', { name: 'Versions' }).click();
  await page.getByText('Grace', { exact: true }).waitFor();
  await takePictures(page, 'definition-imported');

  await page.goto(`${registry.url}/definitions/VacuumGauge?view=versions`);
  await page.getByText(/Overridden: .*urllib/).waitFor();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page
    .getByText(/Importing urllib.* is not allowed here/)
    .first()
    .waitFor();
});

t.test('members see merge requests that wait for review above the list', async (t) => {
  const { merge_request } = await ada.client.definitions.create({
    name: 'Proposed',
    source_code: measurement('Proposed'),
    lab_id: lab.id,
    change_summary: 'Add a second lock-in',
  });
  const page = await browser.open(registry, '/', { username: 'ada' });
  const waiting = page.getByRole('region', { name: 'Waiting for review' });
  await waiting.getByRole('link', { name: /^!\d+/ }).waitFor();
  t.match(await waiting.textContent(), `!${merge_request?.id}`);
  await page
    .getByRole('row', { name: /Proposed/ })
    .getByText('proposed', { exact: true })
    .waitFor();
  await isAccessible(t, page, 'waiting');
  const other = await browser.open(registry, '/', { username: 'outsider' });
  await shown(other).first().waitFor();
  t.equal(await other.getByRole('region', { name: 'Waiting for review' }).count(), 0);
  t.equal(await other.getByRole('link', { name: 'Proposed' }).count(), 0);
});

t.test('hostile text of definitions and labs stays text', async (t) => {
  const hostile = `"><img src=x onerror="globalThis.pwned = 1"><script>globalThis.pwned = 1</script>`;
  await client.labs.change(lab.id, { name: `Nano ${hostile}` });
  await client.definitions.create({
    name: 'Hostile',
    source_code: measurement('Hostile'),
    lab_id: lab.id,
    display_name: `Name ${hostile}`,
    description: hostile,
    category: hostile,
    manufacturer: hostile,
  });
  const page = await browser.open(registry, '/?q=onerror', { username: 'ada' });
  await page.getByRole('link', { name: `Name ${hostile}` }).waitFor();
  await page.getByText(`Nano ${hostile}`).first().waitFor();
  t.equal(await page.evaluate(() => 'pwned' in globalThis), false);
  t.equal(await page.locator('img[src="x"]').count(), 0);
  await isAccessible(t, page, 'hostile definitions');
});

t.test('the list stays fast with ten thousand definitions', async (t) => {
  await registry.deps.store.em().execute(TEN_THOUSAND);
  const page = await browser.open(registry, '/', { username: 'ada' });
  await page.getByText('50 of more than 10,000').waitFor();
  let { paint, blocked } = await speedOf(page);
  // Other tests on the same machine can slow a page down, so there are further tries.
  for (let again = 2; again > 0 && (paint >= 1800 || blocked >= 200); again -= 1)
    ({ paint, blocked } = await speedOf(page));
  t.comment(`first contentful paint ${paint.toFixed()} ms, blocked for ${blocked.toFixed()} ms`);
  // Lighthouse's limits for a good rating.
  t.ok(paint < 1800, `first contentful paint after ${paint} ms`);
  t.ok(blocked < 200, `total blocking time ${blocked} ms`);
  await takePictures(page, 'definitions-10000');

  await page.getByRole('searchbox').fill('Device 777');
  await page.getByRole('link', { name: 'Device 7770', exact: true }).waitFor();
  await page.getByRole('searchbox').fill('');
  await page.getByText('50 of more than 10,000').waitFor();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('51–100 of').waitFor();
  t.equal((await countOf(page).textContent())?.trim(), 'More than 10,000 definitions');
  await page.goto(`${registry.url}/?page=201`);
  await page.getByText(/10,001–10,0\d\d of more than 10,000/).waitFor();
  t.ok(await page.getByRole('button', { name: 'Next' }).isDisabled(), 'the last page');
  await page.goto(registry.url);
  await page.getByRole('button', { name: 'Manufacturer' }).click();
  await page.waitForURL(/sort=manufacturer/);
  await page.getByText('50 of more than 10,000').waitFor();
});

/** Inserts the definitions as rows, because landing ten thousand of them would take minutes. */
const TEN_THOUSAND = `
  insert into definitions (name, display_name, description, instrument_type, category, manufacturer, status, version,
                           head, is_public, data_columns, source_code)
  select 'Device' || i, 'Device ' || i, 'Measures channel ' || i, 'measurement', 'Category ' || i % 20, 'Maker ' || i % 50,
         'operational', 1 + i % 7, md5(i::text) || '00000000', true, '["X", "Y"]', 'class Device' || i || ': pass'
    from generate_series(1, 10000) i`;

/** The first contentful paint, and the total blocking time after it, which is the part of each task beyond 50 ms. */
async function speedOf(page: Page): Promise<{ paint: number; blocked: number }> {
  await page.reload();
  await page.getByText('50 of more than 10,000').waitFor();
  return await page.evaluate(async () => {
    const tasks: PerformanceEntry[] = [];
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
    observer.observe({ type: 'longtask', buffered: true });
    // The observer receives its entries in a separate task.
    await new Promise((resolve) => requestIdleCallback(resolve));
    await new Promise((resolve) => requestIdleCallback(resolve));
    const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0;
    const late = tasks.filter(({ startTime }) => startTime >= paint);
    return { paint, blocked: late.reduce((sum, { duration }) => sum + duration - 50, 0) };
  });
}
