/**
 * Finds which versions of Python 3 can read a text, judged by its syntax. A version is given by its minor number: 11
 * means 3.11.
 */

import type { Feature } from './faults.ts';
import { parse } from './parser.ts';

/** The oldest Python that runs the lab computers' package (`requires-python` in client/python/pyproject.toml). */
export const OLDEST_SUPPORTED = 11;
const NEWEST_KNOWN = 40;

/**
 * The minor version of the oldest Python 3 that can read a text: 12 for a text with `type X = int`, 8 for a text
 * without syntax newer than 3.8.
 * @throws TooDeep
 */
export function oldestPython(text: string): number {
  return oldestFor(parse(text).features);
}

export function oldestFor(features: readonly Feature[]): number {
  return Math.max(8, ...features.map(({ minor }) => minor));
}

/**
 * The oldest minor version that a `requires-python` (PEP 440) allows. Without a `requires-python` that allows a
 * version, the result is the oldest version that lab computers have.
 */
export function oldestAllowed(specifier: string | undefined): number {
  if (specifier === undefined) return OLDEST_SUPPORTED;
  const clauses = specifier
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  for (let minor = 0; minor <= NEWEST_KNOWN; minor++) {
    // One allowed release of the minor version suffices: `>=3.11.4` allows 3.11.
    for (const patch of [0, 1, 4, 9, 99])
      if (clauses.every((clause) => allows(clause, [3, minor, patch]))) return minor;
  }
  return OLDEST_SUPPORTED;
}

function allows(clause: string, version: readonly number[]): boolean {
  const [, sign, written = '', star] =
    /^(~=|===?|!=|<=|>=|<|>)?\s*v?([0-9]+(?:\.[0-9]+)*)(\.\*)?/.exec(clause) ?? [];
  const wanted = written.split('.').map(Number);
  const order = compare(version, wanted);
  const within = wanted.every((part, at) => part === version[at]);
  switch (sign) {
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    case '<':
      return order < 0;
    case '!=':
      return star ? !within : order !== 0;
    case '~=':
      return order >= 0 && wanted.slice(0, -1).every((part, at) => part === version[at]);
    case '==':
    case '===':
      return star ? within : order === 0;
    default:
      return false;
  }
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (let at = 0; at < 3; at++) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
