/** Schemas of test runs (docs/contract.md, section 11.1). */
import type { Static } from 'typebox';
import { Type } from './build.ts';
import { Id, NOT_BLANK, Nullable, Prose, Time } from './common.ts';

/** The states of GitHub's commit statuses and of GitLab's pipelines. Only `success` counts as passed. */
export const CheckState = Type.Enum([
  'pending',
  'running',
  'success',
  'failure',
  'failed',
  'error',
  'canceled',
  'skipped',
]);

/**
 * A text of a test run. Hidden characters are escaped and not refused, because such texts come from instruments and
 * tracebacks.
 */
const Told = (maxLength: number, description?: string) =>
  Type.String({ maxLength, ...(description && { description }) });

const TestItem = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 500, pattern: NOT_BLANK }),
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

/** The result of testing a version, as a bench computer posts it. */
export const TestRun = Type.Object({
  name: Type.Optional(Type.Enum(['tests'])),
  state: CheckState,
  summary: Type.Optional(Nullable(Prose({ maxLength: 5000 }))),
  details: TestDetails,
});
export type TestRun = Static<typeof TestRun>;

export const TestResult = Type.Object({
  id: Id,
  version: Id,
  commit: Type.String({ description: 'The commit of the version when it was tested' }),
  computer_name: Nullable(
    Type.String({ description: 'Null for callers who do not belong to the lab of the computer' }),
  ),
  state: CheckState,
  summary: Nullable(Type.String()),
  details: TestDetails,
  standing: Type.Boolean({
    description:
      "Whether the result counts now: it is the newest of its computer, which is a bench computer of the definition's lab",
  }),
  masked: Type.Boolean({
    description:
      'Whether paths, names, addresses and serial numbers are masked, because the computer belongs to another lab',
  }),
  since: Type.String({
    ...Time,
    description: 'Since when the results of this computer for this version have had this state',
  }),
  created_at: Time,
});
export type TestResult = Static<typeof TestResult>;

/** What the benches of a definition's lab say about a version: the newest result of each. Null if there is none. */
export const Tested = Nullable(
  Type.Object({
    state: Type.String({
      ...CheckState,
      description: 'The worst state of the newest results of the computers',
    }),
    items: Type.Integer({ description: 'The number of items in the newest result' }),
    kinds: Type.Object({
      recordings: Type.Integer(),
      functions: Type.Integer({ description: 'The number of test functions' }),
      simulator: Type.Boolean(),
    }),
    computers: Type.Integer({
      description: 'The number of bench computers that tested the version',
    }),
    last_run: Time,
    since: Type.String({
      ...Time,
      description:
        'Since when the state has been this: if all results are green, since the last of them became green',
    }),
  }),
);
export type Tested = Static<typeof Tested>;
