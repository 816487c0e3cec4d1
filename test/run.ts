/**
 * `npm test`: runs the suites as on a machine that has never run them. The arguments are the test files to run; without
 * arguments, all of them run.
 */
import { join } from 'node:path';
import { onCleanMachine } from './clean-machine.ts';

const suites = join(import.meta.dirname, 'suites.ts');
process.exitCode = await onCleanMachine(join(import.meta.dirname, '..'), process.execPath, [
  suites,
  ...process.argv.slice(2),
]);
