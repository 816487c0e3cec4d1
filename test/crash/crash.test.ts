/** The short form of `npm run test:crash`: on each database, one fault that the seed chooses, and five kills. */
import t from 'tap';
import { random } from '../scenarios/storm/random.ts';
import { disturb } from './disturbed.ts';
import { faultsFor } from './faults.ts';

t.setTimeout(600_000);
const seed = Date.now() % 1e6;
const FAULTS = 1;

for (const database of ['PGlite', 'PostgreSQL'] as const) {
  t.test(`kills and faults lose nothing and leave nothing half done (${database})`, async (t) => {
    const chance = random(seed);
    const { faults: possible, missing } = faultsFor(database);
    if (missing.length > 0) t.comment(`left out: ${missing.join(', ')}`);
    const names = Object.keys(possible);
    while (names.length > FAULTS) names.splice(chance.int(names.length), 1);
    const faults = Object.fromEntries(
      Object.entries(possible).filter(([name]) => names.includes(name)),
    );
    await disturb(t, { database, seed, faults, kills: 5 });
  });
}
