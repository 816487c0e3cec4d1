import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startServer, type TestServer } from './server.ts';

let server: TestServer;
t.before(async () => {
  server = await startServer();
});
t.afterEach(() => t.same(server.failures, []));
t.teardown(() => server[Symbol.asyncDispose]());

/** Commits one file in a working copy. */
async function commit(cwd: string, path: string, content: string | Buffer, message = path) {
  await writeFile(join(cwd, path), content);
  await server.client(['add', '.'], { cwd });
  await server.client(['commit', '-q', '-m', message], { cwd });
  return (await server.client(['rev-parse', 'HEAD'], { cwd })).trim();
}

for (const version of [0, 1, 2]) {
  t.test(`git clones, fetches and pushes under protocol v${version}`, async (t) => {
    const name = `Version${version}`;
    const repository = await server.repositories.create(name);
    const url = `${server.url}/${name}.git`;
    const v = ['-c', `protocol.version=${version}`];
    const git = (...args: string[]) => server.client([...v, ...args]);

    const empty = await server.workingCopy(name);
    t.equal(await git('ls-remote', url), '');
    await git('clone', '-q', url, join(server.folder, `${name}-empty`));

    const first = await commit(empty, 'a.py', 'one\n');
    t.match(await git('-C', empty, 'push', 'origin', 'main'), /new branch/);
    t.equal(await repository.head(), first);
    for (let i = 0; i < 12; i += 1) await commit(empty, 'a.py', `${'line\n'.repeat(500)}${i}\n`);
    await server.client(['tag', '-a', 'v1', '-m', 'one'], { cwd: empty });
    await git('-C', empty, 'push', '-q', 'origin', 'main', 'v1');

    const clone = join(server.folder, `${name}-clone`);
    await git('clone', '-q', url, clone);
    t.equal(await readFile(join(clone, 'a.py'), 'utf8'), `${'line\n'.repeat(500)}11\n`);
    t.equal(await git('-C', clone, 'tag'), 'v1\n');
    t.match(
      await git('ls-remote', '--symref', url),
      /ref: refs\/heads\/main\tHEAD[\s\S]*refs\/tags\/v1\^\{\}/,
    );

    const second = await commit(empty, 'b.py', 'two\n');
    await git('-C', empty, 'push', '-q', 'origin', 'main', 'HEAD:refs/heads/topic');
    await git('-C', clone, 'pull', '-q');
    t.equal((await git('-C', clone, 'rev-parse', 'HEAD')).trim(), second);

    const shallow = join(server.folder, `${name}-shallow`);
    await git('clone', '-q', '--depth=2', url, shallow);
    t.equal((await git('-C', shallow, 'rev-list', '--count', 'HEAD')).trim(), '2');
    await git('-C', shallow, 'fetch', '-q', '--unshallow');
    t.equal((await git('-C', shallow, 'rev-list', '--count', 'HEAD')).trim(), '14');

    const since = join(server.folder, `${name}-exclude`);
    await git('clone', '-q', '--shallow-exclude=v1', url, since);
    t.equal((await git('-C', since, 'rev-list', '--count', 'HEAD')).trim(), '1');

    const partial = join(server.folder, `${name}-partial`);
    await git('clone', '-q', '--filter=blob:none', '--no-checkout', url, partial);
    t.match(await git('-C', partial, 'rev-list', '--objects', '--missing=print', 'HEAD'), /^\?/m);
    await git('-C', partial, 'checkout', '-q', 'HEAD~5');
    t.match(await readFile(join(partial, 'a.py'), 'utf8'), /\n7\n$/);

    const single = join(server.folder, `${name}-single`);
    await git('clone', '-q', '--single-branch', '--branch', 'topic', url, single);
    t.equal(await git('-C', single, 'branch', '-r'), '  origin/topic\n');

    const mirror = join(server.folder, `${name}-mirror`);
    await git('clone', '-q', '--mirror', url, mirror);
    t.equal(
      await git('-C', mirror, 'for-each-ref', '--format=%(refname)'),
      'refs/heads/main\nrefs/heads/topic\nrefs/tags/v1\n',
    );

    await git('-C', empty, 'push', '-q', 'origin', ':topic');
    t.notOk((await repository.refs()).has('refs/heads/topic'));
    t.same(await repository.fsck(), []);
    t.same(await server.leftovers(), []);
  });
}

t.test('a push may force, may be atomic, and may carry options', async (t) => {
  const repository = await server.repositories.create('Moves');
  const cwd = await server.workingCopy('Moves');
  const first = await commit(cwd, 'a', '1');
  await commit(cwd, 'a', '2');
  await server.client(['push', '-q', 'origin', 'main'], { cwd });
  await server.client(['reset', '-q', '--hard', first], { cwd });
  await t.rejects(server.client(['push', 'origin', 'main'], { cwd }), /non-fast-forward/);
  const seen: string[][] = [];
  const { gate } = server.rules;
  server.rules.gate = (target) => ({
    ...gate(target),
    async admit(_commands, options) {
      seen.push(options);
      return [];
    },
  });
  t.teardown(() => {
    server.rules.gate = gate;
  });
  const options = ['-o', 'title=a title', '-o', 'draft'];
  await server.client(['push', '-q', '--force-with-lease', ...options, 'origin', 'main'], { cwd });
  t.equal(await repository.head(), first);
  t.same(seen, [['title=a title', 'draft']]);

  await server.client(['push', '-q', '--atomic', 'origin', 'main:x', 'main:y', 'main:z'], { cwd });
  t.same(
    [...(await repository.refs()).keys()],
    ['main', 'x', 'y', 'z'].map((n) => `refs/heads/${n}`),
  );
});

t.test('a big push goes in chunks, with a small http.postBuffer and several packs', async (t) => {
  const repository = await server.repositories.create('Chunked');
  const cwd = await server.workingCopy('Chunked');
  for (let i = 0; i < 5; i += 1) await commit(cwd, `f${i}`, randomBytes(700_000));
  await server.client(['-c', 'http.postBuffer=65536', 'push', '-q', 'origin', 'main'], { cwd });
  const clone = join(server.folder, 'chunked-clone');
  await server.client(['clone', '-q', `${server.url}/Chunked.git`, clone]);
  t.same(await readFile(join(clone, 'f4')), await readFile(join(cwd, 'f4')));
  t.same(await repository.fsck(), []);
});
