/** Helper modules that have the name of one that everybody knows: which of the two an import gets depends on where it runs. */

import { STANDARD_LIBRARY } from './stdlib.ts';
import type { Diagnostic } from './types.ts';

/** Not of the standard library, but imported by every definition, or provided to it. */
const PROVIDED: ReadonlySet<string> = new Set([
  'numpy',
  'pandas',
  'pybirch',
  'pybirch_registry',
  'pyvisa',
]);

/** What to say of a Python file by its path; none for the main file, whose name is the definition's. */
export function shadows(path: string, main: string): Diagnostic[] {
  const top = (path.split('/')[0] as string).replace(/\.py$/, '');
  if (path === main || !(STANDARD_LIBRARY.has(top) || PROVIDED.has(top))) return [];
  const whose = PROVIDED.has(top) ? `the package ${top}` : `Python's own ${top}`;
  const message =
    `It has the name of ${whose}: on a lab computer "import ${top}" gets this file, run by hand ` +
    'mostly the other one. Give it another name';
  return [{ line: 1, column: 1, end_line: 1, end_column: 1, code: 'shadows-module', message }];
}
