/** The short form of `npm run storm`. */
import t from 'tap';
import { stormOn } from './storm/storm.ts';

t.setTimeout(300_000);
for (const database of ['PGlite', 'PostgreSQL'] as const) {
  t.test(
    `whatever happens at once, every version has what its policy asked for (${database})`,
    async (t) => {
      await stormOn(t, {
        database,
        seed: Date.now() % 1e6,
        seconds: 6,
        deeds: 120,
        atOnce: 30,
        definitions: 5,
        processes: database === 'PGlite' ? 1 : 2,
      });
    },
  );
}
