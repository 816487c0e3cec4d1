import { randomBytes } from 'node:crypto';
import t from 'tap';
import { git } from '../helpers/git.ts';
import { landFiles, openFixture } from './fixture.ts';

const MIB = 1024 * 1024;

const fixture = await openFixture();
t.teardown(() => fixture.close());

const held = () => fixture.caches.state.find(({ name }) => name === 'packs')?.bytes ?? 0;

t.test('small packs are cached; large ones are read by git and not cached', async (t) => {
  const repository = await fixture.repositories.create('Packs');
  const small = await landFiles(repository, { 'small.py': 'small' }, 'first\n');
  await git(['repack', '-adq'], { cwd: repository.path });
  // Drops the objects that the landing has cached.
  fixture.repositories.release('Packs');
  const text = async (commit: string, path: string) =>
    Buffer.from((await repository.readFile(commit, path)) ?? []).toString();
  t.equal(await text(small.commit, 'small.py'), 'small');
  const before = held();
  t.ok(before > 0, 'the small pack is in memory');

  const noise = Object.fromEntries(
    Array.from({ length: 6 }, (_, i) => [`folder/noise${i}`, randomBytes(MIB)]),
  );
  const large = await landFiles(repository, noise, 'second\n');
  await git(['repack', '-dq'], { cwd: repository.path });
  const read = await Promise.all(
    Object.keys(noise).map((path) => repository.readFile(large.commit, path)),
  );
  t.same(
    read.map((bytes) => Buffer.from(bytes ?? [])),
    Object.values(noise),
    'the blobs, byte for byte, in concurrent reads',
  );
  t.equal((await repository.files(large.commit)).length, 7);
  t.equal(await text(large.commit, 'small.py'), 'small', 'read from the small pack');
  t.same(
    (await repository.versions()).map(({ record }) => record),
    ['second\n', 'first\n'],
  );
  await t.rejects(repository.readBlob('1'.repeat(40)), { code: 'object_not_found' });
  await t.rejects(repository.readBlob(large.commit), { code: 'bad_object' });
  t.ok(held() - before < MIB, 'nothing of the large pack is in memory');
});
