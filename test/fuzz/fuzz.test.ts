/** The short form of `npm run fuzz`. */
import t from 'tap';
import { CASES, fuzz } from './fuzz.ts';

t.setTimeout(600_000);
t.test('hostile requests of git, packs, HTTP and many connections', (t) =>
  fuzz(t, {
    kind: 'PGlite',
    seed: Date.now() % 1e6,
    batches: 1,
    size: 12,
    measuresStalls: false,
    seconds: Number.POSITIVE_INFINITY,
    targets: Object.keys(CASES),
    crowd: { rounds: 1, slow: 10, halfOpen: 20, streams: 100, seconds: 1 },
  }),
);
