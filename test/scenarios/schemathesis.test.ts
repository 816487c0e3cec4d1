import t from 'tap';
import { schemathesis } from './schemathesis.ts';

t.test('answers are as the API document says', (t) =>
  schemathesis(t, { seconds: 30, phases: 'coverage', seed: 1 }),
);
