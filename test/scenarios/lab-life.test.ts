import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import t from 'tap';
import type { RegistryError } from '../../client/typescript/client.ts';
import { git, gitResult } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { measurement } from '../helpers/registry.ts';

/** Matches an error with this problem document. */
const problem = (status: number, code: string) =>
  ({ status, problem: { status, code } }) as unknown as Error;

for (const database of ['PGlite', 'PostgreSQL'] as const) {
  t.test(
    `a definition is created, cloned, pushed, compared and rolled back (${database})`,
    async (t) => {
      const { ada, cleo, dan, nano, gitUrl } = await startLab(t, { database });
      const made = await ada.client.definitions.create({
        name: 'Meter',
        display_name: 'Bench meter',
        category: 'Multimeters',
        manufacturer: 'Acme',
        instrument_type: 'measurement',
        base_class: 'FakeMeasurementInstrument',
        source_code: measurement('Meter'),
      });
      t.match(made, { version: 1, lab_id: nano.id, is_approved: true, created_by: 'ada' });
      t.match(made, { display_name: 'Bench meter', data_columns: ['value'], data_units: ['V'] });

      const folder = t.testdir();
      const clone = join(folder, 'Meter');
      await git(['clone', gitUrl('Meter', ada.token), clone], { cwd: folder });
      const file = join(clone, 'Meter.py');
      t.equal(await readFile(file, 'utf8'), made.source_code, 'the clone has what the API shows');

      await writeFile(file, (await readFile(file, 'utf8')).replace('1.0', '2.0'));
      await git(
        [
          '-c',
          'user.name=Ada',
          '-c',
          'user.email=ada@lab.example',
          'commit',
          '-am',
          'Read two volts',
        ],
        { cwd: clone },
      );
      const { stderr } = await gitResult(['push', 'origin', 'HEAD:main'], { cwd: clone });
      t.match(stderr, /remote: Meter is now at version 2/);

      const second = await cleo.client.definitions.byName('meter');
      t.match(
        second,
        { version: 2, source_code: /2\.0/ },
        'a viewer of the lab sees the new version',
      );
      const { diff, files } = await cleo.client.definitions.diff(made.id, 1, 2);
      t.match(diff, /- {8}return np.array\(\[\[1\.0\]\]\)\n\+ {8}return np.array\(\[\[2\.0\]\]\)/);
      t.match(files, [{ path: 'Meter.py', status: 'modified', additions: 1, deletions: 1 }]);

      const back = await ada.client.definitions.rollback(made.id, 1, 'two volts were wrong');
      t.match(back, { version: 3, source_code: made.source_code });
      const versions = await cleo.client.definitions.versions(made.id);
      t.match(
        versions.items.map(({ version, change_summary, landed_by }) => [
          version,
          change_summary,
          landed_by,
        ]),
        [
          [3, 'Revert to v1\n\ntwo volts were wrong', 'ada'],
          [2, 'Read two volts', 'ada'],
          [1, 'Add Meter', 'ada'],
        ],
      );
      await git(['pull', '--tags'], { cwd: clone });
      t.equal((await git(['describe', '--tags'], { cwd: clone })).trim(), 'v3');

      await t.rejects(dan.client.definitions.read(made.id), problem(404, 'not_found'));
      await t.rejects(dan.client.definitions.read(99_999), problem(404, 'not_found'));
    },
  );
}

t.test('a push to main by somebody who may not land is refused and changes nothing', async (t) => {
  const { ada, ben, cleo, gitUrl } = await startLab(t);
  const made = await ada.client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
  });
  const change = { source_code: measurement('Meter', 5) };
  await t.rejects(cleo.client.definitions.change(made.id, change), problem(403, 'forbidden'));

  const folder = t.testdir();
  const clone = join(folder, 'Meter');
  await git(['clone', gitUrl('Meter', ben.token), clone], { cwd: folder });
  await writeFile(join(clone, 'Meter.py'), measurement('Meter', 5));
  await git(['-c', 'user.name=Ben', '-c', 'user.email=ben@lab.example', 'commit', '-am', 'Five'], {
    cwd: clone,
  });
  const refused = await gitResult(['push', 'origin', 'HEAD:main'], { cwd: clone });
  t.match(refused.stderr, /remote: .*admin of the owning lab/i);
  t.match(refused.stderr, /you may not land directly/);
  t.match(await ada.client.definitions.read(made.id), { version: 1, head: made.head });
});

t.test('a lost update is refused, and names are unique ignoring case', async (t) => {
  const { ada, dan } = await startLab(t);
  const made = await ada.client.definitions.create({
    name: 'Meter',
    source_code: measurement('Meter'),
  });
  await ada.client.definitions.change(made.id, { category: 'Meters', expected_version: 1 });
  await t.rejects(
    ada.client.definitions.change(made.id, { category: 'Scopes', expected_version: 1 }),
    problem(409, 'conflict'),
  );
  const taken = dan.client.definitions.create({
    name: 'METER',
    source_code: measurement('METER'),
  });
  await t.rejects(taken, problem(409, 'name_taken'));
});

t.test(
  'an archived definition leaves the lists, keeps its history and can be unarchived',
  async (t) => {
    const { ada, dan } = await startLab(t);
    const made = await ada.client.definitions.create({
      name: 'Meter',
      source_code: measurement('Meter'),
      is_public: true,
    });
    t.equal((await dan.client.definitions.list()).total, 1, 'other labs see a public definition');
    await ada.client.definitions.archive(made.id);
    t.equal((await ada.client.definitions.list()).total, 0);
    const archived = { is_archived: true };
    t.match(await ada.client.definitions.list(archived), { total: 1, items: [archived] });
    t.match(await ada.client.definitions.facets(archived), { is_public: [{ count: 1 }] });
    t.match(await ada.client.definitions.read(made.id), { is_archived: true, version: 1 });
    const changes = { source_code: measurement('Meter', 2) };
    const refused = { ...problem(403, 'forbidden'), message: /archived/ };
    await t.rejects(ada.client.definitions.change(made.id, changes), refused);
    await t.rejects(ada.client.definitions.rollback(made.id, 1, 'it was better'), refused);
    t.match(await ada.client.definitions.restore(made.id), { is_archived: false });
    t.equal((await ada.client.definitions.list()).total, 1);
    t.match(await ada.client.definitions.change(made.id, changes), { version: 2 });
  },
);

t.test('a snapshot contains every file, matches its headers, and is always the same', async (t) => {
  const { ada, url } = await startLab(t);
  const many = Array.from({ length: 600 }, (_, i) => [
    `data/long name of table ${i}, µV.csv`,
    `${i}`,
  ]);
  const files = { 'helper.py': 'LIMIT = 3\n', ...Object.fromEntries(many) };
  const source_code = measurement('Meter');
  const { id, head } = await ada.client.definitions.create({ name: 'Meter', source_code, files });
  const zone = process.env.TZ;
  t.teardown(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });
  const archives = new Set<string>();
  for (const TZ of ['UTC', 'Pacific/Auckland', 'America/St_Johns']) {
    process.env.TZ = TZ;
    const address = `${url}/api/instrument-definitions/${id}/snapshot`;
    const response = await fetch(address, { headers: { authorization: `Bearer ${ada.token}` } });
    const archive = Buffer.from(await response.arrayBuffer());
    const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes);
    t.equal(response.headers.get('x-commit'), head);
    t.equal(response.headers.get('repr-digest'), `sha-256=:${sha256(archive).digest('base64')}:`);
    const lines = Object.entries(unzipSync(archive))
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([path, bytes]) => `${sha256(bytes).digest('hex')}  ${path}\n`);
    t.equal(lines.length, 602);
    t.equal(response.headers.get('x-files-sha256'), sha256(lines.join('')).digest('hex'));
    archives.add(archive.toString('base64'));
  }
  t.equal(archives.size, 1, 'in any time zone of the server');
});

t.test('a refusal names the place and leaves nothing behind', async (t) => {
  const { ada } = await startLab(t);
  const broken = measurement('Meter').replace('return np.array(', 'return np.array((');
  const error: RegistryError = await ada.client.definitions
    .create({ name: 'Meter', source_code: broken })
    .then(
      () => t.fail('a broken file was accepted'),
      (error) => error,
    );
  t.match(error, problem(422, 'invalid_definition'));
  t.match(error.problem.errors, [
    { path: 'source_code', line: Number, column: Number, code: String },
  ]);
  const banned = { name: 'Meter', source_code: `import os\n${measurement('Meter')}` };
  const inFirstLine = { problem: { errors: [{ line: 1, column: 8, code: 'banned-import' }] } };
  await t.rejects(ada.client.definitions.create(banned), inFirstLine as unknown as Error);
  t.equal((await ada.client.definitions.list()).total, 0);
  await ada.client.definitions.create({ name: 'Meter', source_code: measurement('Meter') });
});
