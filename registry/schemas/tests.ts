/** Schemas of test runs (docs/contract.md, section 11.1). */
import type { Static } from 'typebox';
import { Type } from './build.ts';

/**
 * A text of a test run. Hidden characters are escaped and not refused, because such texts come from instruments and
 * tracebacks.
 */
const Told = (maxLength: number, description?: string) =>
  Type.String({ maxLength, ...(description && { description }) });

const TestItem = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 500 }),
  state: Type.Enum(['passed', 'failed', 'skipped']),
  seconds: Type.Number({ minimum: 0 }),
  message: Type.Optional(Told(100_000)),
  difference: Type.Optional(
    Told(100_000, 'The first difference in words: what was sent, and what was expected'),
  ),
});

/** The items and the environment of a run. */
export const TestDetails = Type.Object(
  {
    items: Type.Array(TestItem, { maxItems: 5000 }),
    environment: Type.Object({
      python: Told(200),
      packages: Type.Record(Type.String(), Told(200), {
        description: 'The version of each package, by its name',
      }),
    }),
  },
  { description: 'The items and the environment of the run, as JSON at most 256 KiB' },
);
export type TestDetails = Static<typeof TestDetails>;
