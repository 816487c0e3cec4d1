import t from 'tap';
import { schemathesis } from './schemathesis.ts';

t.test('responses match the API document', (t) =>
  schemathesis(t, { seconds: 30, phases: 'coverage', seed: 1 }),
);
