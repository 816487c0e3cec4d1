/** ruff's settings and the severity of its findings, for the registry and for the editor in the browser. */
import { PROVIDED_NAMES } from './pybirch.ts';

/** The settings as in `ruff.toml`, so that users can lint their code as the registry does. */
export const RUFF_CONFIGURATION = {
  'target-version': 'py314',
  builtins: [...PROVIDED_NAMES],
  // Unused arguments of str.format are harmless, and ruff's time to find them is quadratic.
  lint: { select: ['F'], ignore: ['F522', 'F523'] },
} as const;

/** Findings about code that fails when it runs. All other findings of ruff are advice. */
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
