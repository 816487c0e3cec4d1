/**
 * The rules of the check `tests`, which only bench computers post. A result counts as long as its computer is a bench
 * computer of the lab that owns the definition (docs/decisions/0055-bench-computers.md).
 */
import { drawing } from '../../../text/alike.ts';
import type { Check } from './facts.ts';

/** The name of the check that bench computers post. */
export const TESTS = 'tests';

/** Stands in a policy for any bench computer of the lab. */
export const BENCH = '@bench';

const DRAWN = drawing(TESTS);

/** Whether a name equals the name of the benches' check, or looks like it. */
export const isTests = (name: string): boolean => drawing(name) === DRAWN;

/** States that say that something did not work. All other states except `success` say that there is no result yet. */
const FAILED = ['failure', 'failed', 'error'];

/**
 * Why the required check of the benches is not met. One bench must have succeeded, and none may have failed: benches
 * differ in their Python and packages.
 * @param refusal why the benches may not run the change, if they may not
 */
export function missingTests(checks: readonly Check[], refusal: string | null): string[] {
  const posted = checks.filter(({ name }) => name === TESTS);
  const standing = posted.filter(({ isBench }) => isBench);
  const failed = standing.filter(({ state }) => FAILED.includes(state));
  if (failed.length > 0) return failed.map(stated);
  if (standing.some(({ state }) => state === 'success')) return [];
  if (standing.length > 0) return standing.map(stated);
  const lost = posted.map(({ by }) => ` The result of ${by} does not count: ${NO_BENCH}.`);
  return [
    `The required check "${TESTS}" is missing: a bench computer of the lab must post a result for this head.${lost.join('')}${refusal === null ? '' : ` ${refusal}`}`,
  ];
}

const NO_BENCH = "it is not a bench computer of the definition's lab, or it was enrolled again";

const stated = ({ by, state }: Check): string =>
  `The required check "${TESTS}" of ${by} is "${state}".`;

/**
 * Why bench computers may not run a merge request; null if they may. A bench runs code that nobody has reviewed, so a lab
 * may name the people whose changes its benches run. Everybody who took part in the change must be one of them.
 * @param people the ids of all who opened, pushed or wrote the change; null for an account that no longer exists
 * @param authors the ids that the lab names; null if the lab names nobody, so that everybody's changes may run
 */
export function benchRefusal(
  people: Iterable<number | null>,
  authors: readonly number[] | null,
  usernames: ReadonlyMap<number, string> = new Map(),
): string | null {
  if (authors === null) return null;
  const others = [...new Set(people)].filter((id) => id === null || !authors.includes(id));
  if (others.length === 0) return null;
  const names = others.map((id) =>
    id === null ? 'somebody without an account' : (usernames.get(id) ?? `account ${id}`),
  );
  return `Bench computers do not run it, because the lab's bench_authors do not name ${names.join(', ')}.`;
}
