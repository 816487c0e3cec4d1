/** `npm run schemathesis [seconds [seed]]`: compares responses with the API document for the given time. */
import t from 'tap';
import { schemathesis } from './schemathesis.ts';

const [seconds = 900, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
t.setTimeout((seconds + 300) * 1000);
t.test(`responses match the API document (seed ${seed})`, (t) =>
  schemathesis(t, { seconds, phases: 'examples,coverage,fuzzing,stateful', seed }),
);
