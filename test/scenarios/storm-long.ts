/**
 * `npm run storm`: two hundred people act concurrently on twenty definitions for a minute. Options: `-- --seed 7` and
 * others.
 */
import { parseArgs } from 'node:util';
import t from 'tap';
import type { DatabaseKind } from '../helpers/registry.ts';
import { stormOn } from './storm/storm.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    seconds: { type: 'string', default: '60' },
    actions: { type: 'string', default: '1000' },
    atOnce: { type: 'string', default: '200' },
    definitions: { type: 'string', default: '20' },
    database: { type: 'string', default: 'PostgreSQL' },
    processes: { type: 'string', default: '2' },
  },
});

t.setTimeout(3_600_000);
t.test(`a storm on ${values.database}`, async (t) => {
  await stormOn(t, {
    database: values.database as DatabaseKind,
    seed: Number(values.seed),
    seconds: Number(values.seconds),
    actions: Number(values.actions),
    atOnce: Number(values.atOnce),
    definitions: Number(values.definitions),
    processes: values.database === 'PGlite' ? 1 : Number(values.processes),
  });
});
