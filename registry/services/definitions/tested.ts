/** Summarizes the results of bench computers for a version. Pure. */
import type { TestDetails, Tested } from '../../schemas/tests.ts';
import type { TestedKinds } from '../../store/entities/index.ts';
import type { StandingResult } from '../../store/test-results.ts';

/** The states of results, worst first. */
const WORST = [
  'failure',
  'failed',
  'error',
  'canceled',
  'pending',
  'running',
  'skipped',
  'success',
];

/** The summary of the results that count, oldest first. The worst state is the state of all. */
export function testedOf(results: readonly StandingResult[] | null | undefined): Tested {
  const newest = results?.at(-1);
  if (!results || !newest) return null;
  const state = WORST.find((one) => results.some((result) => result.state === one)) ?? newest.state;
  const alike = results.filter((result) => result.state === state);
  const times = alike.map(({ since }) => new Date(since).getTime());
  // The version is green since the last computer became green, and not green since the first was not.
  const since = state === 'success' ? Math.max(...times) : Math.min(...times);
  const { items, kinds, at } = newest;
  return {
    state: state as NonNullable<Tested>['state'],
    items,
    kinds,
    computers: results.length,
    last_run: new Date(at).toISOString(),
    since: new Date(since).toISOString(),
  };
}

/** Counts the items of a run by kind, which their names tell: a path of a recording, `simulator`, or a test function. */
export function kindsOf({ items }: TestDetails): TestedKinds {
  const ran = items.filter(({ state }) => state !== 'skipped').map(({ name }) => name);
  const recordings = ran.filter((name) => name.endsWith('.jsonl')).length;
  const simulations = ran.filter((name) => /^simulator\b/.test(name)).length;
  return {
    recordings,
    functions: ran.length - recordings - simulations,
    simulator: simulations > 0,
  };
}
