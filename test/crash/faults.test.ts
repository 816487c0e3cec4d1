/** Faults other than a killed registry. After each, everything that was acknowledged is there. */
import t from 'tap';
import { disturb, noStrace } from './disturbed.ts';
import { OF_CALLS, OF_DATABASE } from './faults.ts';

t.setTimeout(300_000);
const seed = Date.now() % 1e6;

t.test('a registry survives faults of its database, its disk and its files', async (t) => {
  if (noStrace) t.comment(`left out: ${noStrace}`);
  const faults = { ...OF_DATABASE, ...(!noStrace && OF_CALLS) };
  await disturb(t, { seed, faults });
});
