import { mkdir, readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { LEASE_ID } from '../../repos/leases.ts';
import { openQuarantine, removeQuarantine } from '../../repos/serve/quarantine.ts';
import { someGitCaches } from '../helpers/caches.ts';
import { openWithLease } from '../helpers/repositories.ts';
import { openFixture } from './fixture.ts';

const fixture = await openFixture();
t.teardown(() => fixture.close());

const again = () =>
  openWithLease({
    root: fixture.root,
    journal: join(fixture.root, '..', 'journal'),
    git: fixture.program,
    caches: someGitCaches(),
  });

/**
 * Creates two folders with content. The first folder looks as if a process that was killed two days ago had left it.
 */
async function leave(folder: string): Promise<void> {
  for (const name of ['old', 'young'])
    await mkdir(join(folder, name, 'objects'), { recursive: true });
  const then = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
  await utimes(join(folder, 'old'), then, then);
}

t.test('the next start removes incomplete repositories of a killed process', async (t) => {
  const workshop = join(fixture.root, '.workshop');
  await leave(workshop);
  await (await again()).close();
  t.same(
    (await readdir(workshop)).filter((name) => !LEASE_ID.test(name)),
    ['young'],
  );
});

t.test('the next push removes objects of a killed process', async (t) => {
  const { path } = await fixture.repositories.create('Swept');
  await leave(join(path, 'quarantine'));
  await removeQuarantine(await openQuarantine(path));
  t.same(await readdir(join(path, 'quarantine')), ['young']);
});

t.test('if two stores create Foo and foo at the same time, one succeeds', async (t) => {
  const stores = [fixture.repositories, await again()];
  for (let i = 0; i < 10; i += 1) {
    const made = await Promise.allSettled([
      stores[0]?.create(`Foo${i}`),
      stores[1]?.create(`foo${i}`),
    ]);
    t.same(made.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  }
});
