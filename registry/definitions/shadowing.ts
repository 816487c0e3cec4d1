/**
 * Warns of helper modules named like a well-known module: which of the two an import finds depends on where
 * it runs.
 */

import { STANDARD_LIBRARY } from './stdlib.ts';
import type { Diagnostic } from './types.ts';

/** Modules outside the standard library that every definition imports or gets from PyBirch. */
const PROVIDED: ReadonlySet<string> = new Set([
  'numpy',
  'pandas',
  'pybirch',
  'pybirch_registry',
  'pyvisa',
]);

/** The warning for the path of a Python file; none for the main file, whose name is the definition's. */
export function shadows(path: string, main: string): Diagnostic[] {
  const top = (path.split('/')[0] as string).replace(/\.py$/, '');
  if (path === main || !(STANDARD_LIBRARY.has(top) || PROVIDED.has(top))) return [];
  const whose = PROVIDED.has(top) ? `the package ${top}` : `Python's own ${top}`;
  const message =
    `It has the same name as ${whose}. On a lab computer, "import ${top}" loads this file; if you run ` +
    'the definition by hand, it usually loads the other one. Give the file another name';
  return [{ line: 1, column: 1, end_line: 1, end_column: 1, code: 'shadows-module', message }];
}
