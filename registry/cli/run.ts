/** From the command line to an exit code: 0 done, 1 failed, 2 wrong usage or configuration, 3 in use. */
import { CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { StoreError } from '../store/errors.ts';
import { runProgram } from './program.ts';

export async function run(argv: string[]): Promise<number> {
  try {
    return await runProgram(argv);
  } catch (error) {
    return tell(error);
  }
}

function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ConfigError) {
    process.stderr.write(`Wrong configuration:\n${error.message}\n`);
    return 2;
  }
  if (error instanceof StoreError && error.code === 'database_in_use') {
    process.stderr.write(`${error.message}\n`);
    return 3;
  }
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  return 1;
}
