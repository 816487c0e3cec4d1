/** The pages of instruments, computers and the fleet. */
import t from 'tap';
import { isAccessible } from '../helpers/axe.ts';
import { startBrowser, takePictures } from '../helpers/browser.ts';
import { enrolComputer, startLab } from '../helpers/lab.ts';
import { card, choose, dialog, write } from '../helpers/page.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(180_000);
const lab = await startLab(t);
const browser = await startBrowser(t);
const { ada, nano, anonymous } = lab;
const HOSTILE = '<img src=x onerror=alert(1)> & "quoted"';

const WITH_SETTINGS = `# /// script
# [tool.pybirch.settings-schema.properties.averages]
# type = "integer"
# minimum = 1
# ///
${measurement('LockIn')}`;
const definition = await ada.client.definitions.create({
  name: 'LockIn',
  source_code: WITH_SETTINGS,
  lab_id: nano.id,
});
for (const value of [2, 3, 4, 5, 6, 7]) {
  const source_code = WITH_SETTINGS.replace('[[1.0]]', `[[${value}.0]]`);
  await ada.client.definitions.change(definition.id, { source_code });
}

t.test('the two commands on the page enrol a computer', async (t) => {
  const page = await browser.open(lab, '/computers', { username: 'ada' });
  await page.getByText('No computers yet').waitFor();
  await page.getByRole('button', { name: 'Enrol computer' }).click();
  await dialog(page).getByRole('button', { name: 'Create code' }).click();
  const install = await page.locator('registry-secret registry-copy code').first().textContent();
  const [, address = ''] = /^pip install (\S+\.zip)$/.exec(install ?? '') ?? [];
  t.match(await fetch(address), { status: 200 }, 'pip can fetch the package');
  const line = page.locator('registry-secret registry-copy code').nth(1);
  const [, url, code = ''] =
    /^pybirch-registry enrol (\S+) (\S+)$/.exec((await line.textContent()) ?? '') ?? [];
  t.equal(url, lab.url);
  await isAccessible(t, page, 'enrolment');
  await takePictures(page, 'enrolment');
  await anonymous.computers.enrol({ code, computer_name: 'CRYO-PC', os: HOSTILE });
  await page.getByRole('link', { name: 'CRYO-PC' }).waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  t.equal(await page.getByText(code).count(), 0, 'the page no longer has the code');
  await page.getByRole('link', { name: 'CRYO-PC' }).click();
  await page.getByText('No instruments are bound to this computer').waitFor();
  const facts = card(page, 'Details');
  await facts.getByRole('button', { name: 'Edit' }).click();
  await write(page, 'Nickname', HOSTILE);
  await facts.getByRole('button', { name: 'Save' }).click();
  await facts.locator('dd', { hasText: '<img' }).first().waitFor();
  await isAccessible(t, page, 'computer');

  await page.goto(`${lab.url}/computers`);
  await page.getByRole('button', { name: 'Make bench… (CRYO-PC)' }).click();
  await isAccessible(t, page, 'make bench');
  await dialog(page).getByRole('button', { name: 'Make bench computer' }).click();
  await page.getByRole('button', { name: 'Stop… (CRYO-PC)' }).waitFor();
  t.match(await ada.client.computers.read('CRYO-PC'), { is_bench: true });
  await isAccessible(t, page, 'bench computers');

  const viewer = await browser.open(lab, '/computers', { username: 'cleo' });
  await viewer.getByText('bench', { exact: true }).waitFor();
  await viewer.getByRole('link', { name: 'CRYO-PC' }).click();
  await viewer.getByRole('heading', { name: 'Details' }).waitFor();
  t.equal(await viewer.getByRole('button', { name: /Edit|Enrol|Actions/ }).count(), 0);
  await viewer.goto(`${lab.url}/computers/NOT-HERE`);
  await viewer.getByRole('alert').getByText('There is no such computer').waitFor();
});

t.test('an instrument is created, pinned, bound, retired and deleted', async (t) => {
  const page = await browser.open(lab, '/instruments', { username: 'ada' });
  await page.getByText('No instruments yet').waitFor();
  await page.getByRole('button', { name: 'New instrument' }).click();
  await write(page, 'Name', `Lock-in ${HOSTILE}`);
  await dialog(page).getByRole('combobox', { name: 'Definition' }).fill('Nonsense');
  await isAccessible(t, page, 'new instrument');
  await dialog(page).getByRole('button', { name: 'Create' }).click();
  await dialog(page).getByRole('alert').waitFor();
  await dialog(page).getByRole('combobox', { name: 'Definition' }).fill('LockIn');
  await dialog(page).getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { name: HOSTILE }).waitFor();
  const id = Number(/\d+$/.exec(page.url())?.[0]);

  await page.getByText('Computers get the newest version (now version 7).').waitFor();
  const driver = card(page, 'Definition');
  await driver.getByRole('button', { name: 'Edit' }).click();
  await driver.getByRole('spinbutton', { name: 'Pinned to version' }).fill('2');
  await driver.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Pinned to version 2.').waitFor();

  const facts = card(page, 'Details');
  await facts.getByRole('button', { name: 'Edit' }).click();
  await write(page, 'Manufacturer', 'Stanford Research');
  await write(page, 'Location', HOSTILE);
  await facts.getByRole('button', { name: 'Save' }).click();
  await facts.getByText('Stanford Research').waitFor();
  const data = card(page, 'Specifications and data');
  await data.getByRole('button', { name: 'Edit' }).click();
  await write(page, 'Specifications', '{"range": ');
  await data.getByRole('button', { name: 'Save' }).click();
  await data.getByRole('alert').waitFor();
  await write(page, 'Specifications', JSON.stringify({ range: HOSTILE }));
  await data.getByRole('button', { name: 'Save' }).click();
  await data.locator('dd', { hasText: '<img' }).waitFor();

  await page.getByRole('button', { name: 'Bind to a computer' }).click();
  await dialog(page).getByRole('combobox', { name: 'Computer' }).fill('CRYO-PC');
  await write(page, 'Address', 'GPIB::8::INSTR');
  await dialog(page).getByRole('combobox', { name: 'Connection' }).click();
  await dialog(page).getByRole('option', { name: 'GPIB' }).click();
  await isAccessible(t, page, 'bind');
  await dialog(page).getByRole('button', { name: 'Bind' }).click();
  await page.getByRole('row', { name: 'CRYO-PC' }).getByText('GPIB::8::INSTR').waitFor();

  const other = await browser.open(lab, `/instruments/${id}`, { username: 'cleo' });
  await other.getByRole('row', { name: 'CRYO-PC' }).waitFor();
  t.equal(await other.getByRole('button', { name: /Edit|Bind|Actions/ }).count(), 0);
  await choose(page, 'Actions for the binding to CRYO-PC', 'Settings');
  await dialog(page).getByRole('spinbutton', { name: 'averages' }).fill('16');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row', { name: 'CRYO-PC' }).getByText('1', { exact: true }).waitFor();
  const { items } = await ada.client.bindings.list({ instrument_id: id });
  t.match(items, [{ adapter_type: 'GPIB', is_primary: true, last_settings: { averages: 16 } }]);
  await isAccessible(t, page, 'instrument');
  await takePictures(page, 'instrument');

  await choose(page, 'Actions for this instrument', 'Retire');
  await dialog(page).getByRole('button', { name: 'Retire' }).click();
  await page.getByText('retired', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Instruments' }).first().click();
  await page.getByRole('row', { name: HOSTILE }).getByText('retired').waitFor();
  await ada.client.instruments.create({ name: 'Multimeter', lab_id: nano.id, model: '2000' });
  await page.reload();
  await page.getByRole('row', { name: 'Multimeter' }).waitFor();
  await isAccessible(t, page, 'instruments');
  await takePictures(page, 'instruments');
  await page.getByRole('searchbox', { name: 'Search instruments' }).fill('multi');
  await page.waitForURL(/q=multi/);
  await page.getByRole('row', { name: HOSTILE }).waitFor({ state: 'detached' });

  await page.goto(`${lab.url}/computers/CRYO-PC`);
  await page.getByRole('row', { name: 'Lock-in' }).getByText('pinned to version 2').waitFor();
  await page.goto(`${lab.url}/instruments/${id}`);
  await choose(page, 'Actions for the binding to CRYO-PC', 'Unbind');
  await dialog(page).getByRole('button', { name: 'Unbind' }).click();
  await page.getByText('Not bound to any computer').waitFor();
  await choose(page, 'Actions for this instrument', 'Delete');
  await dialog(page).getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('row', { name: 'Multimeter' }).waitFor();
  await t.rejects(ada.client.instruments.read(id), 'the instrument is deleted');
});

/** Inserts the history of `count` computers. Each computer upgraded from version to version, about a week apart. */
async function insertUpgrades(count: number) {
  const DAY = 24 * 3600 * 1000;
  for (let number = 1; number <= count; number += 1) {
    const { id } = await ada.client.computers.create({
      computer_name: `RIG-${number}`,
      lab_id: nano.id,
    });
    for (let version = 1; version <= 7; version += 1) {
      const since = Date.now() - (7 - version) * 9 * DAY - ((number * version) % 8) * DAY;
      const until = Date.now() - (6 - version) * 9 * DAY - ((number * (version + 1)) % 8) * DAY;
      await lab.deps.store
        .em()
        .execute(
          'insert into installations (computer, definition_id, version, since, until) values (?, ?, ?, ?, ?)',
          [id, definition.id, version, new Date(since), version === 7 ? null : new Date(until)],
        );
    }
  }
}

t.test('the fleet shows versions, outdated versions and errors', async (t) => {
  const [cryo, bench] = [
    await enrolComputer(lab, ada, nano.id, 'CRYO-PC'),
    await enrolComputer(lab, ada, nano.id, 'BENCH-PC'),
  ];
  await enrolComputer(lab, ada, nano.id, 'SILENT-PC');
  await cryo.client.sync.report({ installed: { LockIn: 1 }, loaded: {}, errors: [HOSTILE] });
  await bench.client.sync.report({ installed: { LockIn: 7 }, loaded: { LockIn: 7 } });
  await insertUpgrades(8);
  const page = await browser.open(lab, '/fleet', { username: 'cleo' });
  const row = (name: string) => page.getByRole('row', { name });
  await row('CRYO-PC').getByText('version 1, newest 7').waitFor();
  await row('BENCH-PC').getByText('up to date').waitFor();
  await row('SILENT-PC').getByText('no report yet').waitFor();
  await page.getByRole('combobox', { name: 'State' }).click();
  await page.getByRole('option', { name: 'behind the newest' }).click();
  await row('BENCH-PC').waitFor({ state: 'detached' });
  await row('CRYO-PC').getByText('1 error').click();
  await row('CRYO-PC').getByRole('listitem').getByText(HOSTILE).waitFor();
  await isAccessible(t, page, 'fleet');
  await takePictures(page, 'fleet');

  await row('CRYO-PC').getByRole('link', { name: 'LockIn' }).click();
  await page.getByRole('img', { name: 'Computers with each version of LockIn' }).waitFor();
  await row('BENCH-PC').getByText('in use: 7').waitFor();
  await page.getByRole('button', { name: 'Show as table' }).click();
  const today = new Date().toISOString().slice(0, 10);
  const cells = page.getByRole('row', { name: today }).getByRole('cell');
  t.same(
    await cells.allTextContents(),
    ['9', '0', '0', '0', '0', '1'],
    'nine computers have version 7, and one has one of the oldest versions, which share a column',
  );
  await takePictures(page, 'adoption');
  await ada.client.definitions.revoke(definition.id, 1, `burns the coil ${HOSTILE}`);
  await page.reload();
  await page.getByRole('row').filter({ hasText: 'burns the coil' }).waitFor();
  await row('CRYO-PC').getByText('version 1 is revoked').waitFor();
  await isAccessible(t, page, 'adoption');
  await page.getByRole('radio', { name: '30 days' }).click();
  await page.waitForURL(/days=30/);
  await page.goto(`${lab.url}/computers/CRYO-PC`);
  await page.getByRole('list', { name: 'Errors' }).getByText(HOSTILE).waitFor();
  await page.getByRole('row', { name: 'LockIn' }).getByText('burns the coil').waitFor();
  await isAccessible(t, page, 'computer with versions');
  await takePictures(page, 'computer');
});

t.test('a computer explains why it does not have the newest version', async (t) => {
  const { client } = await enrolComputer(lab, ada, nano.id, 'PINNED-PC');
  const says = async (installed: number, loaded?: number) =>
    await client.sync.report({
      installed: { LockIn: installed },
      loaded: loaded === undefined ? {} : { LockIn: loaded },
    });
  await says(6);
  const page = await browser.open(lab, '/computers/PINNED-PC', { username: 'cleo' });
  const row = card(page, 'Definitions').getByRole('row', { name: 'LockIn' });
  await row.getByText('installs version 7').waitFor();
  await says(7, 3);
  await page.reload();
  await row.getByText('Running programs keep version 3 until they restart').waitFor();
  const { id } = await ada.client.instruments.create({
    name: 'Old lock-in',
    lab_id: nano.id,
    definition_id: definition.id,
    pinned_version: 3,
  });
  await ada.client.instruments.bind(id, 'PINNED-PC', { adapter: 'GPIB::8::INSTR' });
  await row.getByRole('link', { name: 'Old lock-in' }).waitFor();
  await row.getByText('pinned', { exact: true }).waitFor();
  await isAccessible(t, page, 'computer with a pinned version');
  await says(7, 7);
  await page.reload();
  await row.getByText('up to date').waitFor();
  await page.getByRole('link', { name: 'Computers' }).first().click();
  await page.getByRole('link', { name: 'RIG-8' }).waitFor();
  await isAccessible(t, page, 'computers');
});

t.test('computers of other labs are not found', async (t) => {
  const computer = await enrolComputer(lab, lab.dan, lab.other.id, 'COLD-PC');
  const page = await browser.open(lab, `/computers/${computer.name}`, { username: 'ada' });
  await page.getByRole('alert').getByText('There is no such computer').waitFor();
  t.pass('the page shows that there is none');
});
