/**
 * The settings of ruff and the severity of its findings, for the registry and for the editor in the browser.
 */
import { PROVIDED_NAMES } from './pybirch.ts';

/** ruff's settings as in `ruff.toml`, so that users can lint as the registry does. */
export const RUFF_CONFIGURATION = {
  'target-version': 'py314',
  builtins: [...PROVIDED_NAMES],
  // Unused arguments of str.format are harmless, and checking them takes ruff quadratic time.
  lint: { select: ['F'], ignore: ['F522', 'F523'] },
} as const;

/** Findings about code that fails at run time; ruff's other findings are advice. */
const FATAL: ReadonlySet<string> = new Set([
  'F502', // % format expects a mapping
  'F507', // % format has the wrong number of arguments
  'F701', // break outside a loop
  'F702', // continue outside a loop
  'F704', // yield outside a function
  'F706', // return outside a function
  'F821', // undefined name
  'F831', // duplicate argument
]);

/** Whether code with this finding fails at run time. */
export const isFatal = (code: string): boolean => FATAL.has(code);
