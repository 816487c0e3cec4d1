/**
 * `npm run test:crash`: all faults, and then 300 kills, on each database. After each 20 kills, a new registry begins.
 * Options: `-- --kills 40 --database PGlite --seed 7`, and `--kills 0` for the faults alone.
 */
import { parseArgs } from 'node:util';
import t from 'tap';
import type { DatabaseKind } from '../helpers/registry.ts';
import { disturb } from './disturbed.ts';
import { faultsFor } from './faults.ts';
import { killRepeatedly } from './kills.ts';

const KILLS_OF_ONE = 20;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    database: { type: 'string', multiple: true, default: ['PGlite', 'PostgreSQL'] },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
  },
});

t.setTimeout(0);
for (const database of values.database as DatabaseKind[]) {
  t.test(`faults on ${database}`, async (t) => {
    const { faults, missing } = faultsFor(database);
    t.strictSame(missing, [], 'this machine has what the faults need');
    await disturb(t, { database, seed: Number(values.seed), faults, kills: 0 });
  });
  for (let dead = 0; dead < Number(values.kills); dead += KILLS_OF_ONE) {
    const kills = Math.min(KILLS_OF_ONE, Number(values.kills) - dead);
    const seed = Number(values.seed) + dead;
    t.test(`kills ${dead + 1} to ${dead + kills} on ${database}`, async (t) => {
      t.comment(
        `again: npm run test:crash -- --database ${database} --kills ${kills} --seed ${seed}`,
      );
      await killRepeatedly(t, { database, kills, seed });
    });
  }
}
