/** The long form of killed-reviews.test.ts, which is part of `npm run kill`. Options: `-- --kills 200 --seed 7`. */
import { parseArgs } from 'node:util';
import t from 'tap';
import { killAmidReviews } from './kill/kills.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
  },
});

t.setTimeout(3_600_000);
t.test(`${values.kills} kills during reviews`, (t) =>
  killAmidReviews(t, { kills: Number(values.kills), seed: Number(values.seed) }),
);
