/**
 * `npm test`: runs the suites as on a machine that has never run them. Arguments name the test files to run.
 */
import { join } from 'node:path';
import { onCleanMachine } from './clean-machine.ts';

const suites = join(import.meta.dirname, 'suites.ts');
process.exitCode = await onCleanMachine(join(import.meta.dirname, '..'), process.execPath, [
  suites,
  ...process.argv.slice(2),
]);
