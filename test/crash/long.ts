/**
 * `npm run test:crash`: kills a registry 300 times on each database. After each 20 kills, a new registry begins. Options:
 * `-- --kills 40 --database PGlite --seed 7`.
 */
import { parseArgs } from 'node:util';
import t from 'tap';
import type { DatabaseKind } from '../helpers/registry.ts';
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
