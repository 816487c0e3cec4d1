/**
 * The flaw: somebody added a tag with git, and the next save landed as version 5 onto four commits. The number of a
 * version comes from the tags, so a save must refuse if the tags do not number the commits.
 */
import { join } from 'node:path';
import t from 'tap';
import { git } from '../helpers/git.ts';
import { startLab } from '../helpers/lab.ts';
import { problemOf } from '../helpers/problem-of.ts';
import { DATABASES, measurement } from '../helpers/registry.ts';

t.setTimeout(120_000);

for (const database of DATABASES) {
  t.test(`a save refuses after a tag or main was moved with git (${database})`, async (t) => {
    const lab = await startLab(t, { database });
    const { definitions } = lab.ada.client;
    const { id } = await definitions.create({ name: 'Meter', source_code: measurement('Meter') });
    for (const value of [2, 3]) {
      await definitions.change(id, { source_code: measurement('Meter', value) });
    }
    const cwd = join(lab.dataDir, 'repos', 'Meter.git');
    const refs = await git(['for-each-ref', '--format=update %(refname) %(objectname)'], { cwd });
    const main = (await git(['rev-parse', 'main'], { cwd })).trim();
    const moves: Record<string, string[]> = {
      'a tag that is too new': ['tag', 'v4', 'main'],
      'an annotated tag that is too new': ['tag', '-a', '-m', 'v4', 'v4', 'main'],
      'a copy of the newest tag': ['update-ref', 'refs/tags/v4', 'refs/tags/v3'],
      'the newest tag moved back': ['update-ref', 'refs/tags/v3', 'refs/tags/v2'],
      'the newest tag deleted': ['update-ref', '-d', 'refs/tags/v3'],
      'main moved back': ['update-ref', 'refs/heads/main', 'main~1'],
    };
    for (const [what, move] of Object.entries(moves)) {
      await git(['-c', 'user.name=x', '-c', 'user.email=x@x', ...move], { cwd });
      t.match(
        await problemOf(definitions.change(id, { source_code: measurement('Meter', 9) })),
        { status: 503, code: 'incomplete', detail: /tags of Meter do not fit its commits/ },
        what,
      );
      await git(['update-ref', '--stdin'], { cwd, input: refs });
      await git(['update-ref', '-d', 'refs/tags/v4'], { cwd });
      await git(['pack-refs', '--all'], { cwd });
      t.equal((await git(['rev-parse', 'main'], { cwd })).trim(), main, `${what}: nothing landed`);
    }
    const saved = await definitions.change(id, { source_code: measurement('Meter', 9) });
    t.match(saved, { version: 4 }, 'with the right refs again, the save succeeds');
  });
}
