/** `registry fsck --repair` repairs what loses nothing, and leaves the rest to a person. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { fsck } from '../../registry/services/repair/fsck.ts';
import { mend } from '../../registry/services/repair/mend.ts';
import { refsIn } from '../helpers/backups.ts';
import { git } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { DATABASES, measurement } from '../helpers/registry.ts';

t.setTimeout(600_000);

for (const database of DATABASES) {
  t.test(`moved refs and an old index (${database})`, async (t) => {
    const { ada, deps, dataDir } = await startLab(t, { database });
    const { definitions } = ada.client;
    const cwd = join(dataDir, 'repos', 'Meter.git');
    const { id } = await definitions.create({ name: 'Meter', source_code: measurement('Meter') });
    for (const n of [2, 3]) await definitions.change(id, { source_code: measurement('Meter', n) });
    await definitions.create({ name: 'Motor', source_code: measurement('Motor') });
    const refs = await refsIn(deps);
    const em = deps.store.em();
    const rows = () =>
      em.execute('select name, version, head from definitions order by name') as Promise<object[]>;
    const before = await rows();
    const problems = async () => [
      ...new Set((await fsck(deps)).problems.map(({ where }) => where)),
    ];
    t.same(await problems(), []);
    t.same(await mend(deps), { done: [], failed: [] }, 'nothing to do');

    const moves: Record<string, string[]> = {
      'a tag that is too new': ['tag', '-a', '-m', 'v4', 'v4', 'main'],
      'the newest tag moved back': ['update-ref', 'refs/tags/v3', 'refs/tags/v2'],
      'the newest tag deleted': ['update-ref', '-d', 'refs/tags/v3'],
      'main moved back': ['update-ref', 'refs/heads/main', 'main~1'],
      'a commit on main': [
        'update-ref',
        'refs/heads/main',
        (
          await git(['commit-tree', '-m', 'x', '-p', 'main', 'main^{tree}'], { cwd, env: WHO })
        ).trim(),
      ],
    };
    for (const [what, move] of Object.entries(moves)) {
      await git(['-c', 'user.name=x', '-c', 'user.email=x@x', ...move], { cwd });
      t.match(await mend(deps), { done: [{ name: 'Meter' }], failed: [] }, what);
      const now = (await refsIn(deps)) as Record<string, [string, unknown][]>;
      const kept = ({ Meter = [], ...rest }: typeof now) => ({
        ...rest,
        Meter: Meter.filter(([ref]) => !ref.startsWith('refs/registry/kept/')),
      });
      t.same(kept(now), refs, `${what}: as before`);
    }
    t.same(await problems(), []);
    t.match(
      await git(['for-each-ref', '--format=%(contents:subject)', 'refs/registry/kept'], { cwd }),
      /^x$/m,
    );

    await em.execute('delete from versions where definition_id = ? and version > 1', [id]);
    await em.execute(`delete from definitions where name = 'Motor'`);
    await em.execute(
      `update definitions set version = 1, head = (select commit from versions where definition_id = ? and version = 1) where id = ?`,
      [id, id],
    );
    t.match(await mend(deps), { done: [{ name: 'Meter' }, { name: 'Motor' }], failed: [] });
    t.same(await rows(), before, 'the index follows git');
    t.same(await problems(), []);

    await em.execute('delete from versions where definition_id = ? and version = 2', [id]);
    t.match(
      await mend(deps),
      { done: [{ what: /^the index follows git/ }], failed: [] },
      'a row in the middle is gone',
    );
    t.same(await problems(), []);

    await em.execute('delete from versions where definition_id = ? and version = 3', [id]);
    const signingKeys = { ...deps.signingKeys, list: () => Promise.reject(new Error('lost')) };
    const unsigned = await mend({ ...deps, signingKeys });
    t.match(
      unsigned,
      { done: [{ what: /^the index follows git/ }], failed: [] },
      'without keys, no tag is taken away',
    );
    t.same(await problems(), []);

    // The tag is gone: nothing is deleted, and no ref is put at an object that is not there.
    const tag = (await git(['rev-parse', 'refs/tags/v3'], { cwd })).trim();
    await git(['update-ref', '-d', 'refs/tags/v3'], { cwd });
    const object = join(cwd, 'objects', tag.slice(0, 2), tag.slice(2));
    await rename(object, `${object}.away`);
    t.same(await mend(deps), { done: [], failed: [] });
    t.match(await problems(), ['Meter']);
    t.same(await rows(), before);
    await rename(`${object}.away`, object);
    t.match(await mend(deps), { done: [{ what: /refs.tags.v3 put back/ }], failed: [] });

    await rename(join(cwd, 'packed-refs'), join(cwd, 'packed-refs.away'));
    await writeFile(join(cwd, 'packed-refs'), 'garbage\n');
    t.match(await mend(deps), { done: [], failed: [{ name: 'Meter' }] }, 'what failed is named');
    await rename(join(cwd, 'packed-refs.away'), join(cwd, 'packed-refs'));
  });
}

const WHO = {
  GIT_AUTHOR_NAME: 'x',
  GIT_AUTHOR_EMAIL: 'x@x',
  GIT_COMMITTER_NAME: 'x',
  GIT_COMMITTER_EMAIL: 'x@x',
};
