/**
 * `npm run fuzz`: hostile input of every kind, for a minute each. Options: `-- --target packs --seed 7 --seconds 600
 * --database PGlite`. Targets: git, packs, http, connections, api, definitions, parser.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import t from 'tap';
import type { DatabaseKind } from '../helpers/registry.ts';
import { schemathesis } from '../scenarios/schemathesis.ts';
import { CASES, fuzz } from './fuzz.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    seconds: { type: 'string', default: '60' },
    target: { type: 'string', multiple: true, default: [] },
    database: { type: 'string', multiple: true, default: ['PGlite', 'PostgreSQL'] },
  },
});
const [seed, seconds] = [Number(values.seed), Number(values.seconds)];
const isAsked = (name: string) => values.target.length === 0 || values.target.includes(name);

t.setTimeout(36_000_000);
for (const kind of values.database as DatabaseKind[]) {
  for (const target of Object.keys(CASES).filter(isAsked))
    await t.test(`${target} on ${kind}`, (t) =>
      fuzz(t, {
        ...{ kind, seed, seconds, targets: [target], size: 40, measuresStalls: true },
        batches: Number.POSITIVE_INFINITY,
      }),
    );
  if (isAsked('connections'))
    await t.test(`connections on ${kind}`, (t) =>
      fuzz(t, {
        ...{ kind, seed, seconds, batches: 0, targets: [], size: 40, measuresStalls: true },
        crowd: {
          rounds: 4,
          slow: 50,
          halfOpen: 200,
          streams: 2000,
          seconds: Math.min(seconds, 20),
        },
      }),
    );
  if (isAsked('api'))
    await t.test(`api on ${kind} (seed ${seed})`, (t) =>
      schemathesis(t, { seconds, seed, phases: 'examples,coverage,fuzzing,stateful', kind }),
    );
}
// These need no database. The numbers of their cases take about as long.
const programs: Record<string, [string, number]> = {
  definitions: ['test/definitions/fuzz-long.ts', 30],
  parser: ['test/definitions/python/long.ts', 100],
};
for (const [target, [program, each]] of Object.entries(programs).filter(([name]) => isAsked(name)))
  await t.test(target, async (t) => {
    const args = [program, String(each * seconds), String(seed)];
    t.equal(spawnSync(process.execPath, args, { stdio: 'inherit' }).status, 0, `seed ${seed}`);
  });
