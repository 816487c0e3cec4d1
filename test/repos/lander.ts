/**
 * `lander.ts <folder> <count>`: a process that lands versions on `Shared` until it is stopped or killed. Prints `landed
 * <version> <commit>` when a landing is durable, and `lost` if another process landed first.
 */
import { join } from 'node:path';
import { openGitProgram } from '../../repos/process.ts';
import { someGitCaches } from '../helpers/caches.ts';
import { openWithLease } from '../helpers/repositories.ts';
import { author, commitFiles } from './fixture.ts';

const [folder = '', count = '0'] = process.argv.slice(2);
const git = await openGitProgram();
const repositories = await openWithLease({
  root: join(folder, 'repos'),
  journal: join(folder, 'journal'),
  git,
  caches: someGitCaches(),
});
const repository = await repositories.open('Shared');
process.stdout.write('ready\n');
for (let n = 0; n < Number(count); ) {
  const { head, state: from } = await repository.tip();
  const content = `${process.pid} ${n}`;
  const commit = await commitFiles(repository, head, { a: content, [`f${n % 7}`]: content });
  const landing = {
    head,
    versions: [{ commit, record: content }],
    tagger: author,
    state: { from, text: content },
  };
  try {
    const [landed] = await repository.land(landing);
    n += 1;
    process.stdout.write(`landed ${landed?.version} ${commit}\n`);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ref_conflict') throw error;
    process.stdout.write('lost\n');
  }
}
await repositories.close();
await git.close();
