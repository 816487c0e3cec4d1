import { join } from 'node:path';
import t from 'tap';
import { fsck, git } from '../helpers/git.ts';
import { landFiles, openFixture } from './fixture.ts';

t.test(
  'a repository packs itself after landings while readers and landings continue',
  async (t) => {
    const { repositories, root, close } = await openFixture();
    const repository = await repositories.create('Meter');
    let reading = true;
    const readers = Promise.all(
      Array.from({ length: 3 }, async () => {
        let reads = 0;
        while (reading) {
          for (const { commit } of (await repository.versions()).slice(0, 5)) {
            const [entry] = await repository.files(commit);
            if (entry) reads += (await repository.readBlob(entry.oid)).byteLength;
          }
          await new Promise(setImmediate);
        }
        return reads;
      }),
    );
    // Each version has four objects, so the repository exceeds the limit of 256 loose objects on the way.
    for (let n = 1; n <= 80; n++) await landFiles(repository, { 'Meter.py': `value = ${n}\n` });
    reading = false;
    t.ok(
      (await readers).every((bytes) => bytes > 0),
      'no reader failed',
    );
    await repositories.close();

    const path = join(root, 'Meter.git');
    const counts = await git(['count-objects', '-v'], { cwd: path });
    t.match(counts, /^packs: [1-9]/m);
    await fsck(path);
    t.equal((await git(['rev-list', '--count', 'main'], { cwd: path })).trim(), '80');
    t.equal(await git(['show', 'v7:Meter.py'], { cwd: path }), 'value = 7\n');
    await close();
  },
);
