/** The short form of `npm run test:crash`. */
import t from 'tap';
import { killRepeatedly } from './kills.ts';

t.setTimeout(300_000);
for (const database of ['PGlite', 'PostgreSQL'] as const) {
  t.test(`kill -9 loses nothing and leaves nothing half done (${database})`, (t) =>
    killRepeatedly(t, { database, kills: 5, seed: Date.now() % 1e6 }),
  );
}
