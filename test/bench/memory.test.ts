/** A short form of `npm run bench -- --only memory`. */
import t from 'tap';
import { DATABASES } from '../../bench/load/databases.ts';
import { measureLoad } from '../../bench/load.ts';

t.setTimeout(300_000);

t.test('the serving process stays within its memory limit', async (t) => {
  const figures = await measureLoad({
    databases: DATABASES,
    restart: true,
    saves: 30,
    long: { turns: 2, polls: 2000, saves: 20, clients: 8 },
  });
  t.equal(figures.length, 4 * DATABASES.length);
  for (const { name, p50, limit } of figures) {
    t.ok(
      limit !== undefined && p50.ours <= limit,
      `${name}: ${p50.ours.toFixed(0)} of ${limit} MB`,
    );
  }
});
