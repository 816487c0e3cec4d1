import { dirname } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Repository } from '../../repos/types.ts';
import { author, commitFiles, landFiles, openFixture } from './fixture.ts';
import { checkWhole, runLander } from './kills.ts';

const fixture = await openFixture();
const { repositories } = fixture;
t.teardown(() => fixture.close());

/** Lets all writers land concurrently on one head. Returns how many writers succeeded. */
async function race(t: Test, repository: Repository, writers: number): Promise<number> {
  const { head, state: from } = await repository.tip();
  const landings = Array.from({ length: writers }, async (_, writer) => {
    const record = `${head} ${writer}`;
    const commit = await commitFiles(repository, head, { a: record });
    const versions = [{ commit, record }];
    return repository.land({ head, versions, tagger: author, state: { from, text: record } });
  });
  const results = await Promise.allSettled(landings);
  for (const result of results) {
    if (result.status === 'rejected') t.match(result.reason, { code: 'ref_conflict' });
  }
  return results.filter(({ status }) => status === 'fulfilled').length;
}

t.test('exactly one of many landings on one head wins, in every repository', async (t) => {
  let made = 0;
  const steps = fc.array(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(steps, async (plans) => {
      await Promise.all(
        plans.map(async (plan) => {
          made += 1;
          const repository = await repositories.create(`Raced${made}`);
          for (const writers of plan) t.equal(await race(t, repository, writers), 1);
          t.equal(await checkWhole(repository), plan.length);
        }),
      );
    }),
    { numRuns: 6 },
  );
});

t.test('several processes land on one repository and nothing is lost', async (t) => {
  const shared = await repositories.create('Shared');
  await landFiles(shared, { a: '0' }, '0', '0');
  const folder = dirname(fixture.root);
  const output = await Promise.all([1, 2, 3].map(() => runLander(folder, 8)));
  const landed = output.flat().filter((line) => line.startsWith('landed'));
  t.equal(landed.length, 24);
  t.equal(await checkWhole(shared), 25);
  for (const line of landed) {
    const [, version, commit] = line.split(' ');
    t.equal((await shared.version(Number(version)))?.commit, commit);
  }
});
