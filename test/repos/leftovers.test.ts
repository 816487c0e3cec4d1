/**
 * What killed processes leave behind. Another process removes it as soon as their leases have ended. It looks only where
 * something was left, and never removes what a living process uses.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { LEASE_ID, openLeases } from '../../repos/leases.ts';
import { sweepLocks, withLock } from '../../repos/lock.ts';
import { openQuarantine } from '../../repos/serve/quarantine.ts';
import { someGitCaches } from '../helpers/caches.ts';
import { openWithLease } from '../helpers/repositories.ts';
import { landFiles, openFixture } from './fixture.ts';

const fixture = await openFixture();
t.teardown(() => fixture.close());
const { root, journal, repositories } = fixture;
const workshops = join(root, '.workshop');
const leases = join(journal, '..', 'leases');

const again = () => openWithLease({ root, journal, git: fixture.program, caches: someGitCaches() });

/** Every path that a process with this lease may leave at each place, except in the workshop. */
async function plant(lease: string, repository: string): Promise<string[]> {
  const locks = [
    join(journal, 'hold.lock'),
    join(journal, `${repository}.maintain.lock`),
    join(workshops, 'names.lock'),
    join(root, `${repository}.git`, 'packed-refs.lock'),
  ];
  for (const lock of locks) {
    await mkdir(lock);
    await writeFile(join(lock, `${lease}~1`), '');
  }
  const drafts = [
    join(journal, `hold.lock~${lease}~1`),
    join(workshops, `names.lock~${lease}~1`),
    join(workshops, `ended~${lease}~1`),
    join(workshops, `trial~${lease}~1`),
  ];
  for (const draft of drafts) await mkdir(draft);
  const objects = join(root, `${repository}.git`, 'objects');
  const files = ['pack/tmp_pack_abc', 'pack/.tmp-12-pack-abc.idx', '00/tmp_obj_abc', 'tmp_objdir'];
  await mkdir(join(objects, '00'), { recursive: true });
  for (const file of files) await writeFile(join(objects, file), '');
  return [...locks, ...drafts, ...files.map((file) => join(objects, file))];
}

const present = (paths: string[]) => paths.filter((path) => existsSync(path));

async function left(t: Test, lease: string, name: string): Promise<string[]> {
  await landFiles(await repositories.create(name), { a: '1' });
  const paths = await plant(lease, name);
  t.same(present(paths), paths);
  return paths;
}

t.test('everything that a killed process left is removed when its lease has ended', async (t) => {
  const lease = `${'ab'.repeat(8)}-1`;
  const workshop = join(workshops, lease);
  const paths = await left(t, lease, 'Killed');
  await mkdir(join(workshop, 'push-abc', 'pack'), { recursive: true });
  await writeFile(join(workshop, 'object-abc'), '');
  const other = await openLeases(leases, workshops);
  await other.endStale();
  await repositories.takeOverEntries();
  t.same(present([workshop, ...paths]), []);
  await other.close();
  await landFiles(repositories.opened('Killed') as never, { a: '2' });
});

t.test('maintenance removes what older registries left in a repository', async (t) => {
  const repository = await repositories.create('Older');
  await landFiles(repository, { a: '1' });
  const paths = ['quarantine/push-abc/pack', 'objects/pack/tmp_pack_abc', 'objects/tmp_objdir'].map(
    (path) => join(root, 'Older.git', path),
  );
  for (const path of paths) await mkdir(path, { recursive: true });
  await repository.maintain();
  t.same(present([...paths, join(root, 'Older.git', 'quarantine')]), []);
});

t.test('everything stays that belongs to a living process', async (t) => {
  const living = await openLeases(leases, workshops);
  const paths = await left(t, living.id, 'Living');
  const quarantine = await openQuarantine({ path: '/', workshop: living.workshop });
  await repositories.takeOverEntries();
  t.same(present([quarantine.path, ...paths]), [quarantine.path, ...paths]);
  await living.close();
  await repositories.takeOverEntries();
  t.same(present([quarantine.path, ...paths]), [], 'until it ends');
});

t.test('the folders of leases and keys are swept too, and foreign files stay', async (t) => {
  const folder = t.testdir({ 'notes.txt': '', 'a~b': '' });
  const own = await openLeases(leases, workshops);
  const ended = `${'cd'.repeat(8)}-1`;
  await mkdir(join(folder, `start.lock~${ended}~1`));
  await mkdir(join(folder, 'start.lock'));
  await writeFile(join(folder, 'start.lock', `${ended}~1`), '');
  await symlink('1.1.elsewhere', join(folder, 'foreign.lock'));
  await withLock(own, join(folder, 'own.lock'), async () => {
    await sweepLocks(own, folder);
    t.same(await readdir(folder), ['a~b', 'foreign.lock', 'notes.txt', 'own.lock']);
  });
  await own.close();
});

t.test('a process that has lost its lease and its workshop begins again', async (t) => {
  const store = await again();
  const repository = await store.create('Woken');
  const begun = await openQuarantine(repository);
  const draft = await repository.draft({
    parent: null,
    changes: new Map([['a', Buffer.from('a')]]),
    author: { name: 'A', email: 'a@b', at: new Date(0), offsetMinutes: 0 },
    committer: { name: 'A', email: 'a@b', at: new Date(0), offsetMinutes: 0 },
    message: 'Change\n',
  });
  const { workshop } = repository;
  await rm(workshop, { recursive: true });
  await rm(join(leases, basename(workshop)));
  await t.rejects(draft.keep(), { code: 'fenced' });
  await t.rejects(openQuarantine(repository), { code: 'fenced' });
  t.notOk(existsSync(begun.path));
  await t.rejects(repository.maintain(), { code: 'fenced' });
  // The process notices at its next renewal, within a second.
  while (repository.workshop === workshop) {
    await pause(50);
    await store.takeOverEntries();
  }
  await landFiles(repository, { a: '1' });
  await store.close();
});

t.test('the next start removes what an older registry left a day ago', async (t) => {
  for (const name of ['old', 'young'])
    await mkdir(join(workshops, name, 'objects'), { recursive: true });
  const then = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
  await utimes(join(workshops, 'old'), then, then);
  await (await again()).close();
  t.same(
    (await readdir(workshops)).filter((name) => !LEASE_ID.test(name)),
    ['young'],
  );
});

t.test('if two stores create Foo and foo at the same time, one succeeds', async (t) => {
  const stores = [repositories, await again()];
  for (let i = 0; i < 10; i += 1) {
    const made = await Promise.allSettled([
      stores[0]?.create(`Foo${i}`),
      stores[1]?.create(`foo${i}`),
    ]);
    t.same(made.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  }
  await stores[1]?.close();
});
