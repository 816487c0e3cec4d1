/** What ruff is asked, and what its answers weigh: the same for the registry and for the editor in the browser. */
import { PROVIDED_NAMES } from './pybirch.ts';

/** ruff's settings as `ruff.toml` has them, so that users can lint as the registry does. */
export const RUFF_CONFIGURATION = {
  'target-version': 'py314',
  builtins: [...PROVIDED_NAMES],
  // Advice on unused arguments of str.format, which costs ruff quadratic time.
  lint: { select: ['F'], ignore: ['F522', 'F523'] },
} as const;

/** What fails when the code runs; ruff's other findings are advice. */
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

/** Whether the code fails when it runs, by the code of a finding. */
export const isFatal = (code: string): boolean => FATAL.has(code);
