/** Counts the tests of a program from its output. */
import type { Ended } from './lanes.ts';

export interface Totals {
  passed: number;
  failed: number;
}

/**
 * A program without totals in its output counts as one test. A program with a bad exit code counts as failed, whatever
 * it printed. Pure.
 */
export function totals({ code, output }: Pick<Ended, 'code' | 'output'>): Totals {
  const line = TAP.exec(output)?.[0] ?? PYTEST.exec(output)?.[0];
  const passed =
    line === undefined ? (code === 0 ? 1 : 0) : number(/\bpass(?:ed)?: (\d+)|(\d+) passed/, line);
  const failed = line === undefined ? 0 : number(/\bfail: (\d+)|(\d+) failed/, line);
  return { passed, failed: code === 0 ? failed : Math.max(failed, 1) };
}

/** Matches the last lines of tap (`# { total: 4, pass: 3, fail: 1 }`) and pytest (`1 failed, 3 passed in 0.12s`). */
const TAP = /^# \{ total: \d+.*\}$/m;
const PYTEST = /^.*\b\d+ (?:passed|failed).* in \d[\d.]*s\b.*$/m;

function number(pattern: RegExp, line: string): number {
  const [, first, second] = pattern.exec(line) ?? [];
  return Number(first ?? second ?? 0);
}
