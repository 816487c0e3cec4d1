import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { adoptQuarantine, quarantineReader } from '../../repos/quarantine.ts';
import { git } from '../helpers/git.ts';
import { commitFiles, landFiles, openFixture } from './fixture.ts';

const fixture = await openFixture();
const { repositories, gitCaches } = fixture;
t.teardown(() => fixture.close());

for (const packed of [false, true]) {
  t.test(
    `quarantined ${packed ? 'packs' : 'objects'} are read separately, then adopted`,
    async (t) => {
      const repository = await repositories.create(packed ? 'Pushed' : 'Loose');
      const { commit } = await landFiles(repository, { kept: 'old' });
      const elsewhere = await repositories.create(packed ? 'From1' : 'From2');
      const pushed = await commitFiles(elsewhere, null, { new: 'text' });
      await elsewhere.updateRefs([{ ref: 'refs/heads/main', from: null, to: pushed }]);
      if (packed) await git(['repack', '-adq'], { cwd: elsewhere.path });
      const quarantine = join(repository.path, 'objects', 'tmp_objdir-incoming-test');
      await mkdir(quarantine);
      await git([
        'clone',
        '-q',
        '--bare',
        '--no-hardlinks',
        elsewhere.path,
        join(quarantine, 'x.git'),
      ]);
      const received = join(quarantine, 'x.git', 'objects');

      const reader = quarantineReader(fixture.program, repository, received, gitCaches);
      t.equal(Buffer.from((await reader.readFile(pushed, 'new')) ?? []).toString(), 'text');
      t.equal(Buffer.from((await reader.readFile(commit, 'kept')) ?? []).toString(), 'old');
      await t.rejects(repository.readCommit(pushed), { code: 'object_not_found' });

      await adoptQuarantine(repository, received, gitCaches);
      t.equal((await repository.readCommit(pushed)).oid, pushed);
      await repository.updateRefs([{ ref: 'refs/heads/pushed', from: null, to: pushed }]);
      const left = (await readdir(received, { recursive: true })).filter((f) =>
        /[0-9a-f]{38}/.test(f),
      );
      t.same(left, []);
    },
  );
}
