/** The short form of `npm run storm`. */
import t from 'tap';
import { stormOn } from './storm/storm.ts';

t.setTimeout(300_000);
for (const database of ['PGlite', 'PostgreSQL'] as const) {
  t.test(`under concurrent changes every version satisfies its policy (${database})`, async (t) => {
    await stormOn(t, {
      database,
      seed: Date.now() % 1e6,
      seconds: 3,
      // On PGlite, one process with one connection allows fewer orders of actions.
      actions: database === 'PGlite' ? 60 : 100,
      atOnce: 25,
      definitions: 5,
      processes: database === 'PGlite' ? 1 : 2,
    });
  });
}
