/** The details of a test run, as they are stored and as the audit trail mentions them. */
import { visibleIn } from '../../../text/hidden.ts';
import { Problem } from '../../errors.ts';
import type { TestDetails } from '../../schemas/tests.ts';

/** The most bytes of the details of a run, as JSON. */
const MOST_BYTES = 256 * 1024;

/**
 * The details with their hidden characters escaped. They come from instruments and tracebacks, so nobody can correct
 * them. Throws `too_large`.
 */
export function storableDetails(details: TestDetails): TestDetails {
  const bytes = Buffer.byteLength(JSON.stringify(details));
  if (bytes > MOST_BYTES) {
    throw new Problem(
      'too_large',
      `details has ${bytes} bytes, but at most ${MOST_BYTES} are accepted. Shorten the messages and differences.`,
    );
  }
  return visibleIn(details);
}

/** How many items have each state. The audit trail keeps only these numbers, because it is never shortened. */
export function auditedDetails({ items }: TestDetails): Record<string, number> {
  const count = (state: string) => items.filter((item) => item.state === state).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}
