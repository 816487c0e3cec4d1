import { chmod, readdir, rmdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { LEASE_ID } from '../../repos/leases.ts';
import { git, gitBytes } from '../helpers/git.ts';
import { author, bytes, commitFiles, landFiles, openFixture } from './fixture.ts';

const fixture = await openFixture();
const { repositories, root } = fixture;
t.teardown(() => fixture.close());

t.test(
  'a new repository is an empty bare one for git, and its name is unique ignoring case',
  async (t) => {
    const made = await repositories.create('Empty_1');
    t.equal(await git(['rev-parse', '--is-bare-repository'], { cwd: made.path }), 'true\n');
    t.equal(await git(['symbolic-ref', 'HEAD'], { cwd: made.path }), 'refs/heads/main\n');
    t.equal(await made.head(), null);
    t.same(await made.versions(), []);
    t.same(await made.history(), []);
    t.same(await made.fsck(), []);
    t.equal(await made.readState(), undefined);
    await t.rejects(repositories.create('empty_1'), { code: 'repository_exists' });
    for (const name of ['', '.', '..', 'a/b', '1a', 'a.git', 'é', 'a'.repeat(101), 'a\0']) {
      await t.rejects(repositories.create(name), { code: 'bad_name' }, JSON.stringify(name));
      await t.rejects(repositories.open(name), { code: 'repository_not_found' });
      t.equal(await repositories.exists(name), false);
    }
    t.same(
      (await Promise.allSettled(['Same', 'SAME', 'same'].map((name) => repositories.create(name))))
        .map(({ status }) => status)
        .sort(),
      ['fulfilled', 'rejected', 'rejected'],
    );
  },
);

t.test('an incomplete repository is never visible, and a removed one is gone', async (t) => {
  const before = await repositories.list();
  const { commit } = await landFiles(await repositories.create('Passing'), { a: '1' });
  t.same(await repositories.list(), [...before, 'Passing'].sort());
  await repositories.remove('Passing');
  t.same(await repositories.list(), before);
  await t.rejects(repositories.open('Passing'), { code: 'repository_not_found' });
  const left = await readdir(join(root, '.workshop'), { recursive: true });
  t.match(left, [LEASE_ID], 'only the empty workshop of this process');
  t.equal(left.length, 1);
  const again = await repositories.create('Passing');
  t.equal(await again.head(), null);
  await t.rejects(again.readCommit(commit), { code: 'object_not_found' });
});

t.test(
  'a released repository takes no memory, and can still be used and opened again',
  async (t) => {
    const used = await repositories.create('Released');
    const first = await landFiles(used, { a: '1' });
    t.equal(repositories.opened('Released'), used);
    repositories.release('Released');
    t.equal(repositories.opened('Released'), undefined);
    t.equal(
      fixture.gitCaches.objects.peek(`${join(used.path, 'objects')}\n${first.commit}`),
      undefined,
    );
    const again = await repositories.open('Released');
    t.equal(await again.head(), first.commit);
    const second = await landFiles(used, { a: '2' });
    t.equal(await again.head(), second.commit, 'each sees the landing of the other');
    const third = await landFiles(again, { a: '3' });
    t.equal(await used.head(), third.commit);
  },
);

const fileName = fc.oneof(
  fc.constantFrom('a', 'b', 'a.py', 'a-b', 'a b', 'ü', '試験', 'q\'"', 'x\ny'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((s) => !/[/\\\0.~:]/.test(s)),
);
const path = fc.array(fileName, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const files = fc
  .dictionary(path, fc.uint8Array({ maxLength: 200 }), { minKeys: 1, maxKeys: 6 })
  .filter((tree) => {
    const paths = Object.keys(tree);
    return !paths.some((a) => paths.some((b) => b.startsWith(`${a}/`)));
  });

t.test('real git reads what was committed: trees, bytes, authors, messages', async (t) => {
  const repository = await repositories.create('RoundTrip');
  await fc.assert(
    fc.asyncProperty(files, fc.string({ unit: 'grapheme' }), async (tree, words) => {
      const message = words.replaceAll('\0', '');
      const commit = await commitFiles(repository, null, tree, message);
      const listed = await git(['ls-tree', '-r', '-z', commit], { cwd: repository.path });
      const expected = listed
        .split('\0')
        .filter((line) => line !== '')
        .map((line) => /^(\d+) blob (\w+)\t([\s\S]*)$/.exec(line) as RegExpExecArray)
        .map(([, mode, oid, path]) => ({ path, oid, mode }));
      const found = await repository.files(commit);
      t.same(found, expected);
      t.same(new Set(found.map(({ path }) => path)), new Set(Object.keys(tree)));
      for (const { path, oid } of found) {
        const real = await gitBytes(['cat-file', 'blob', oid], { cwd: repository.path });
        t.ok(real.equals(tree[path] as Uint8Array));
        t.ok(real.equals((await repository.readFile(commit, path)) as Uint8Array));
      }
      const raw = await git(['cat-file', 'commit', commit], { cwd: repository.path });
      t.equal(raw.slice(raw.indexOf('\n\n') + 2), message);
      t.match(raw, /author Ada <ada@example.org> 1767323045 \+0530/);
      const read = await repository.readCommit(commit);
      t.same([read.message, read.author, read.parents], [message, author, []]);
    }),
    { numRuns: 25 },
  );
});

t.test(
  'changes apply to the parent: modes stay, empty folders go, the rest is untouched',
  async (t) => {
    const repository = await repositories.create('Changes');
    const work = t.testdir({ 'run.sh': 'one', deep: { er: { only: 'x' }, 'keep.txt': 'k' } });
    await chmod(join(work, 'run.sh'), 0o755);
    const env = { GIT_DIR: repository.path, GIT_WORK_TREE: work };
    await git(['-c', 'core.bare=false', 'add', '-A'], { env });
    await git(['-c', 'core.bare=false', 'commit', '-qm', 'first'], { env });
    const first = (await repository.head()) as string;
    t.equal(first, (await git(['rev-parse', 'main'], { env })).trim());
    const second = await commitFiles(repository, first, {
      'run.sh': 'two',
      'deep/er/only': null,
      'no/such/file': null,
    });
    t.same(
      (await repository.files(second)).map(({ path, mode }) => `${mode} ${path}`),
      ['100644 deep/keep.txt', '100755 run.sh'],
    );
    t.equal(await repository.readFile(second, 'deep'), undefined);
    t.equal(await repository.readFile(second, 'deep/er/only'), undefined);
    t.equal(await repository.readFile(second, 'run.sh/below'), undefined);
    const folder = await commitFiles(repository, null, { 'x/y': '1', z: '2' });
    const swapped = { 'x/y': null, x: 'a file now', z: null, 'z/y': 'a folder now' };
    const paths = async (commit: string) =>
      (await repository.files(commit)).map(({ path }) => path);
    t.same(await paths(await commitFiles(repository, folder, swapped)), ['x', 'z/y']);
    for (const bad of ['', '/a', 'a/', 'a//b', '..', 'a/../b', '.git/x', '.GIT', 'git~1', 'a\\b']) {
      await t.rejects(commitFiles(repository, null, { [bad]: 'x' }), { code: 'bad_object' }, bad);
    }
    await t.rejects(commitFiles(repository, null, { a: 'x', 'a/b': 'y' }), { code: 'bad_object' });
    await t.rejects(commitFiles(repository, null, { 'a/b': 'y', a: 'x' }), { code: 'bad_object' });
    await t.rejects(repository.readBlob('0'.repeat(40)), { code: 'object_not_found' });
    await t.rejects(repository.readBlob(first), { code: 'bad_object' });
  },
);

t.test(
  'versions, their records, history and state read back as landed, and clone with git',
  async (t) => {
    const repository = await repositories.create('Landed');
    const commits: string[] = [];
    for (let n = 1; n <= 3; n += 1) {
      const landed = await landFiles(repository, { 'a.py': `${n}`, [`only${n}`]: 'x' }, `r ${n}`);
      t.equal(landed.version, n);
      commits.push(landed.commit);
    }
    t.same(
      (await repository.versions()).map(({ version, commit, record }) => [version, commit, record]),
      [3, 2, 1].map((n) => [n, commits[n - 1], `r ${n}`]),
    );
    t.equal((await repository.version(2))?.commit, commits[1]);
    t.equal(await repository.version(4), undefined);
    t.same(
      (await repository.history()).map(({ oid }) => oid),
      [...commits].reverse(),
    );
    t.same(
      (await repository.history({ path: 'only2' })).map(({ oid }) => oid),
      [commits[1]],
    );
    t.equal(
      (await repository.history({ limit: 1, from: commits[1] as string }))[0]?.oid,
      commits[1],
    );
    const diff = (await repository.diff(commits[0] as string, commits[1] as string)).toString();
    t.match(diff, /^diff --git a\/a\.py b\/a\.py\n[\s\S]*-1[\s\S]*\+2/);
    t.match((await repository.diff(null, commits[0] as string)).toString(), /new file mode 100644/);
    await t.rejects(repository.diff(null, '1'.repeat(40)), { code: 'object_not_found' });

    const head = await repository.head();
    await repository.land({
      head,
      versions: [],
      tagger: author,
      state: { from: null, text: '{"id":7}' },
    });
    const first = await repository.readState();
    t.equal(first?.text, '{"id":7}');
    const from = first?.oid ?? null;
    await repository.land({
      head,
      versions: [],
      tagger: author,
      state: { from, text: '{"id":8}' },
    });
    t.equal((await repository.readState())?.text, '{"id":8}');
    await t.rejects(
      repository.land({ head, versions: [], tagger: author, state: { from, text: '{"id":9}' } }),
      { code: 'ref_conflict' },
      'a state that is based on an older one is refused',
    );
    t.equal((await repository.versions()).length, 3);

    const clone = join(t.testdir(), 'clone');
    await git(['clone', '-q', repository.path, clone]);
    t.equal(
      await git(['log', '--format=%H'], { cwd: clone }),
      `${[...commits].reverse().join('\n')}\n`,
    );
    t.equal(await git(['cat-file', '-t', 'v2'], { cwd: clone }), 'tag\n');
  },
);

t.test('reading a commit stops at the limits of a version', async (t) => {
  const repository = await repositories.create('Bomb');
  const cwd = repository.path;
  const blob = (await git(['hash-object', '-w', '--stdin'], { cwd, input: 'x' })).trim();
  let [mode, type, oid] = ['100644', 'blob', blob];
  for (let depth = 0; depth < 7; depth += 1) {
    const lines = Array.from({ length: 10 }, (_, i) => `${mode} ${type} ${oid}\t${i}\n`);
    oid = (await git(['mktree'], { cwd, input: lines.join('') })).trim();
    [mode, type] = ['040000', 'tree'];
  }
  const bomb = (await git(['commit-tree', '-m', 'bomb', oid], { cwd })).trim();
  await t.rejects(repository.files(bomb), { code: 'too_large' });
  const many = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`f${i}`, 'x']));
  t.equal((await repository.files(await commitFiles(repository, null, many))).length, 2000);
});

t.test('squash and revert are commits of a tree on main', async (t) => {
  const repository = await repositories.create('Squash');
  const first = await landFiles(repository, { a: '1' });
  const one = await commitFiles(repository, first.commit, { a: '2' });
  const two = await commitFiles(repository, one, { b: '3' });
  const { tree } = await repository.readCommit(two);
  const signed = { author, committer: author, message: 'Squash\n' };
  const squashed = await repository.commit({ parent: first.commit, tree, ...signed });
  await t.rejects(
    repository.land({
      head: first.commit,
      versions: [{ commit: two, record: 'r' }],
      tagger: author,
    }),
    { code: 'bad_object' },
  );
  await repository.land({
    head: first.commit,
    versions: [{ commit: squashed, record: 'r' }],
    tagger: author,
  });
  const old = (await repository.readCommit(first.commit)).tree;
  const revert = await repository.commit({ parent: squashed, tree: old, ...signed });
  const [landed] = await repository.land({
    head: squashed,
    versions: [{ commit: revert, record: 'back' }],
    tagger: author,
  });
  t.equal(landed?.version, 3);
  t.equal(await git(['diff', 'v1', 'v3'], { cwd: repository.path }), '');
});

t.test('maintain packs loose objects, loses nothing, and sees changes made by git', async (t) => {
  const repository = await repositories.create('Packed');
  for (let n = 0; n < 70; n += 1) await landFiles(repository, { 'a.py': `${n}` });
  const refs = [...(await repository.refs())];
  const kept = await commitFiles(repository, null, { young: 'and unreachable' });
  await repository.maintain();
  const counted = await git(['count-objects', '-v'], { cwd: repository.path });
  t.match(counted, /^in-pack: [1-9]\d+\npacks: 1\n/m);
  t.same([...(await repository.refs())], refs);
  t.ok(await repository.readCommit(kept));
  t.same((await repository.files((await repository.head()) as string)).length, 1);
  await git(['update-ref', 'refs/heads/by-hand', kept], { cwd: repository.path });
  await repository.maintain();
  t.same((await repository.refs()).get('refs/heads/by-hand'), { oid: kept });
  t.same(await readdir(join(repository.path, 'refs/heads')), []);
});

t.test('objects are written while packing removes empty folders', async (t) => {
  const repository = await repositories.create('Pruned');
  const objects = join(repository.path, 'objects');
  let writing = true;
  // Deletes empty folders of loose objects repeatedly, as git prune-packed does.
  const pruning = (async () => {
    while (writing) {
      for (const folder of await readdir(objects)) {
        if (/^[0-9a-f]{2}$/.test(folder)) await rmdir(join(objects, folder)).catch(() => undefined);
      }
    }
  })();
  for (let n = 0; n < 60; n += 1) await landFiles(repository, { 'a.py': `${n}` });
  writing = false;
  await pruning;
  t.same(await repository.fsck(), []);
});

t.test('fsck reports what is wrong', async (t) => {
  const repository = await repositories.create('Broken');
  const { commit } = await landFiles(repository, { a: '1' });
  const [file] = await repository.files(commit);
  const oid = file?.oid as string;
  const object = join(repository.path, 'objects', oid.slice(0, 2), oid.slice(2));
  await chmod(object, 0o644);
  await writeFile(object, bytes('rubbish'));
  t.not((await repository.fsck()).length, 0);
  await repositories.remove('Broken');
});

t.test('a journal entry stays until its last writer removes it', async (t) => {
  const notes = async () =>
    (await readdir(fixture.journal)).map((file) => file.split('~')[0]).sort();
  await Promise.all([
    repositories.addJournalEntry('Landed'),
    repositories.addJournalEntry('Landed'),
  ]);
  await repositories.addJournalEntry('Other');
  await repositories.removeJournalEntry('Landed');
  t.same(await notes(), ['Landed', 'Other']);
  await repositories.removeJournalEntry('Landed');
  t.same(await notes(), ['Other']);
  for (let n = 0; n < 50; n++) {
    const [struck] = [
      repositories.removeJournalEntry('Other'),
      repositories.addJournalEntry('Other'),
    ];
    await struck;
    await repositories.addJournalEntry('Other');
    t.same(await notes(), ['Other'], 'a removal leaves later journal entries');
    await repositories.removeJournalEntry('Other');
  }
  await repositories.removeJournalEntry('Other');
  t.same(await notes(), []);
});

t.test('only journal entries of dead processes are repaired', async (t) => {
  await repositories.addJournalEntry('Living');
  const dead = (name: string) => join(fixture.journal, `${name}~999999999.1.${hostname()}`);
  for (const name of ['Living', 'Dead']) await writeFile(dead(name), '');
  t.same(await repositories.abandonedEntries(), ['Dead']);
  t.equal(await repositories.repairEntry('Dead', async () => 'repaired'), 'repaired');
  t.equal(await repositories.repairEntry('Living', async () => 'repaired'), undefined);
  t.same(await repositories.abandonedEntries(), []);
  await repositories.removeJournalEntry('Living');
  t.equal(await repositories.repairEntry('Living', async () => 'repaired'), 'repaired');
  t.same(await readdir(fixture.journal), []);
});
