/**
 * Warns of helper modules that have the name of a well-known module. Where the code runs decides which of the two
 * modules Python imports.
 */

import { STANDARD_LIBRARY } from './stdlib.ts';
import type { Diagnostic } from './types.ts';

/** Packages that every definition imports or gets from PyBirch. */
const PROVIDED: ReadonlySet<string> = new Set([
  'numpy',
  'pandas',
  'pybirch',
  'pybirch_registry',
  'pyvisa',
]);

/** The warning for a Python file. The main file gets no warning, because it must have the definition's name. */
export function shadows(path: string, main: string): Diagnostic[] {
  const top = (path.split('/')[0] as string).replace(/\.py$/, '');
  if (path === main || !(STANDARD_LIBRARY.has(top) || PROVIDED.has(top))) return [];
  const whose = PROVIDED.has(top) ? `the package ${top}` : `Python's own ${top}`;
  const message =
    `This file has the same name as ${whose}. On a lab computer, "import ${top}" loads this file. If you run ` +
    `the definition by hand, the import usually loads ${whose}. Give the file another name`;
  return [{ line: 1, column: 1, end_line: 1, end_column: 1, code: 'shadows-module', message }];
}
