import { access, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { openLeases } from '../../repos/leases.ts';
import { withLock } from '../../repos/lock.ts';
import { applyUpdates, formatPackedRefs, parsePackedRefs } from '../../repos/packed-refs.ts';
import { isRefName } from '../../repos/ref-names.ts';
import { git } from '../helpers/git.ts';
import { landFiles, openFixture } from './fixture.ts';

const fixture = await openFixture();
const { repositories } = fixture;
t.teardown(() => fixture.close());

const oid = fc.stringMatching(/^[0-9a-f]{40}$/);
const name = fc
  .array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => `refs/${parts.join('/')}`)
  .filter(isRefName);

t.test('parse is the inverse of format', async (t) => {
  const ref = fc.record({ oid, peeled: oid }, { requiredKeys: ['oid'] });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, ref)), (entries) => {
      const text = formatPackedRefs(new Map(entries));
      const refs = parsePackedRefs(text);
      t.equal(formatPackedRefs(refs), text);
      t.same(new Set(refs.keys()), new Set(entries.map(([name]) => name)));
    }),
    { numRuns: 50 },
  );
  // Regular expressions treat these characters as ends of lines. To git these characters are letters.
  for (const separator of ['\u2028', '\u2029', '\u0085']) {
    const text = formatPackedRefs(
      new Map([[`refs/heads/a${separator}b`, { oid: '0'.repeat(40) }]]),
    );
    t.equal(formatPackedRefs(parsePackedRefs(text)), text);
  }
  t.throws(() => parsePackedRefs('rubbish\n'), { code: 'bad_object' });
});

t.test('exactly the names that git refuses are refused', async (t) => {
  const parts = [
    'a',
    'ü',
    '.',
    '..',
    '.lock',
    'x.lock',
    '@{',
    '@',
    '~',
    '^',
    ':',
    '*',
    '\\',
    ' ',
    '',
  ];
  for (const part of parts) {
    for (const tried of [`refs/${part}`, `refs/heads/${part}/b`, `refs/heads/a${part}`]) {
      const real = await git(['check-ref-format', tried]).then(
        () => true,
        () => false,
      );
      t.equal(isRefName(tried), real, JSON.stringify(tried));
    }
  }
});

t.test('an update compares old values, and no ref can be a folder of another', async (t) => {
  const a = 'a'.repeat(40);
  const b = 'b'.repeat(40);
  const refs = new Map([['refs/heads/a', { oid: a }]]);
  const none = () => undefined;
  const isRefused = (code: string, ...updates: Parameters<typeof applyUpdates>[1]) =>
    t.throws(() => applyUpdates(refs, updates, none), { code });
  isRefused('ref_conflict', { ref: 'refs/heads/a', from: b, to: b });
  isRefused('ref_conflict', { ref: 'refs/heads/a', from: null, to: b });
  isRefused('ref_conflict', { ref: 'refs/heads/b', from: a, to: b });
  isRefused('ref_conflict', { ref: 'refs/heads/a/b', from: null, to: b });
  isRefused('ref_conflict', { ref: 'refs/heads', from: null, to: b });
  const twice = { ref: 'refs/heads/n', from: null, to: b };
  isRefused('ref_conflict', twice, twice);
  isRefused('bad_name', { ref: 'refs/heads/..', from: null, to: b });
  const moved = applyUpdates(
    refs,
    [
      { ref: 'refs/heads/a', from: a, to: null },
      { ref: 'refs/heads/a/b', from: null, to: b },
    ],
    none,
  );
  t.same([...moved], [['refs/heads/a/b', { oid: b }]]);
});

t.test('refs equal what git lists, including peeled tags, and follow other writers', async (t) => {
  const repository = await repositories.create('Listed');
  await landFiles(repository, { a: '1' });
  const { commit } = await landFiles(repository, { a: '2' });
  const ours = async () =>
    [...(await repository.refs())].flatMap(([name, { oid, peeled }]) => [
      `${oid} ${name}\n`,
      ...(peeled === undefined ? [] : [`${peeled} ${name}^{}\n`]),
    ]);
  t.equal((await ours()).join(''), await git(['show-ref', '-d'], { cwd: repository.path }));
  const before = await repository.refs();
  t.equal(await repository.refs(), before, 'the same map while nothing changes');
  await git(['update-ref', 'refs/heads/x', commit], { cwd: repository.path });
  await git(['pack-refs', '--all'], { cwd: repository.path });
  t.equal((await ours()).join(''), await git(['show-ref', '-d'], { cwd: repository.path }));
  t.not(await repository.refs(), before);
  await t.rejects(
    repository.updateRefs([{ ref: 'refs/heads/y', from: null, to: '1'.repeat(40) }]),
    { code: 'object_not_found' },
  );
});

t.test(
  'locks of dead processes are broken, and those of living processes are respected by git and by us',
  async (t) => {
    const repository = await repositories.create('Locked');
    const { commit } = await landFiles(repository, { a: '1' });
    const lock = join(repository.path, 'packed-refs.lock');
    const folder = t.testdir();
    const beside = await openLeases(join(folder, 'leases'), join(folder, 'workshops'));
    await withLock(beside, lock, async (claim) => {
      await repository.updateRefs([{ ref: 'refs/heads/x', from: null, to: commit }]);
      await t.rejects(claim.commit(join(repository.path, 'packed-refs')), { code: 'fenced' });
      await t.rejects(claim.write('of a process that has woken up'), { code: 'fenced' });
    });
    await beside.close();
    t.match(await readFile(join(repository.path, 'packed-refs'), 'utf8'), 'heads/x');

    for (const leave of [() => symlink('1.1.elsewhere', lock), () => writeFile(lock, 'of git')]) {
      await leave();
      const { head } = await repository.tip();
      await landFiles(repository, { a: `after ${head}` });
      await t.rejects(access(lock));
    }

    const living = await openLeases(
      join(fixture.root, '..', 'leases'),
      join(fixture.root, '.workshop'),
    );
    await withLock(living, lock, async (claim) => {
      await t.rejects(git(['pack-refs', '--all'], { cwd: repository.path }), /packed-refs.lock/);
      const move = [{ ref: 'refs/heads/y', from: null, to: commit }];
      await t.rejects(repository.updateRefs(move), { code: 'locked', message: /locked/ });
      claim.verify();
    });
    await living.close();
    await repository.updateRefs([{ ref: 'refs/heads/y', from: null, to: commit }]);
    await git(['pack-refs', '--all'], { cwd: repository.path });
  },
);
