/** Tests which definitions `registry export` includes, and how it writes its bundle file. */
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { exportDefinitions } from '../../registry/cli/folders.ts';
import { ArchiveReader } from '../../registry/services/archive.ts';
import { OPERATOR } from '../../registry/services/caller.ts';
import { landFirstVersion } from '../../registry/services/definitions/first-version.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(120_000);

t.test('export', async (t) => {
  const lab = await startLab(t);
  const { ada, dan, deps } = lab;
  for (const [by, name] of [
    [ada, 'Meter'],
    [ada, 'Put_Away'],
    [dan, 'Cold'],
  ] as const) {
    await by.client.definitions.create({ name, source_code: measurement(name) });
  }
  const { id } = await ada.client.definitions.byName('Put_Away');
  await ada.client.definitions.archive(id);
  const files = new Map([['Shipped.py', Buffer.from(measurement('Shipped'))]]);
  const flags = { isPublic: true, isBuiltin: true, lab: null, overrides: [] };
  await landFirstVersion(deps, OPERATOR, { name: 'Shipped', files, summary: 'Ship it', ...flags });

  const run = async (folder: string, whose: object) => {
    const output: string[] = [];
    const terminal = { out: (text: string) => output.push(text), err: t.fail, progress() {} };
    t.equal(await exportDefinitions(deps, terminal as never, { folder, ...whose }), 0);
    return output.join('\n');
  };
  const choices: [whose: { lab?: string; builtin?: boolean }, names: string[]][] = [
    [{}, ['Cold', 'Meter', 'Shipped']],
    [{ lab: 'nano' }, ['Meter']],
    [{ builtin: true }, ['Shipped']],
    [{ lab: 'nano', builtin: true }, ['Meter', 'Shipped']],
  ];

  await t.test(
    'an export has all definitions, those of a lab, the built-in ones, or the last two together',
    async (t) => {
      const dir = t.testdir({});
      for (const [i, [whose, names]] of choices.entries()) {
        const output = await run(join(dir, `${i}`), whose);
        t.match(output, `${names.length} definitions written`);
        t.same(
          (await readdir(join(dir, `${i}`))).sort(),
          names.map((name) => `${name}.py`),
        );
        await run(join(dir, `${i}.zip`), { ...whose, bundle: true });
        const archive = await ArchiveReader.open(join(dir, `${i}.zip`));
        const bundled = archive.names.filter((name) => name.startsWith('bundles/'));
        t.same(
          bundled.sort(),
          names.map((name) => `bundles/${name}.bundle`),
        );
        const manifest = JSON.parse(await archive.text('manifest.json'));
        t.same(manifest.definitions.map(({ name }: { name: string }) => name).sort(), names);
        archive.close();
      }
    },
  );

  await t.test('a bundle is one private file, either complete or the previous one', async (t) => {
    const dir = t.testdir({ 'two.zip': 'an older one' });
    const file = join(dir, 'two.zip');
    const meter = join(lab.dataDir, 'repos', 'Meter.git');
    await writeFile(join(dir, 'two.zip.partial'), 'somebody else’s');
    await rename(meter, `${meter}.away`);
    await t.rejects(run(file, { bundle: true, lab: 'nano' }));
    await rename(`${meter}.away`, meter);
    t.equal(await readFile(file, 'utf8'), 'an older one');
    t.same((await readdir(dir)).sort(), ['two.zip', 'two.zip.partial'], 'nothing is left over');
    await Promise.all([1, 2, 3].map(() => run(file, { bundle: true, lab: 'nano' })));
    (await ArchiveReader.open(file)).close();
    t.equal((await stat(file)).mode & 0o777, 0o600);
    t.same((await readdir(dir)).sort(), ['two.zip', 'two.zip.partial']);
    const nowhere = join(dir, 'no', 'folder.zip');
    await t.rejects(run(nowhere, { bundle: true }), { code: 'invalid' });
    await lab.admin.client.labs.create({ name: 'Empty', code: 'empty' });
    await t.rejects(run(join(dir, 'none.zip'), { bundle: true, lab: 'empty' }), {
      message: /nothing to export/,
    });
    t.notOk((await readdir(dir)).includes('none.zip'), 'an empty bundle is an error');
  });
});
