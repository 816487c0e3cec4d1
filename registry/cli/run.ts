/**
 * Runs the command line. Exit codes: 0 if the command succeeded, 1 if it failed, 2 if its arguments or the configuration
 * are wrong, 3 if the embedded database is in use.
 */
import { CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { diskFault } from '../disk-faults.ts';
import { Problem } from '../errors.ts';
import { StoreError } from '../store/errors.ts';
import { runProgram } from './program.ts';
import { printError } from './terminal.ts';

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
    printError(`The configuration is wrong:\n${error.message}`);
    return 2;
  }
  if (error instanceof StoreError && error.code === 'database_in_use') {
    printError(error.message);
    return 3;
  }
  if (error instanceof Problem) {
    printError(error.message);
    return 1;
  }
  const plain = plainly(error);
  if (plain !== undefined) {
    printError(plain);
    return 1;
  }
  printError(String(error instanceof Error ? error.stack : error));
  return 1;
}

/** Explains an error of the environment and what to do about it. Returns undefined for errors of the registry itself. */
function plainly(error: unknown): string | undefined {
  const fault = diskFault(error);
  if (fault?.kind === 'full') {
    return `${(error as Error).message}. The disk of the ${fault.where} is full. Free or add space, and then try again; registry doctor says how much is free.`;
  }
  if (error instanceof StoreError && error.code === 'database_unavailable') {
    return `The database cannot be reached: ${error.message}. Check DATABASE_URL, and whether the database server is running.`;
  }
  if (!(error instanceof Error)) return undefined;
  const { code, path, port } = error as NodeJS.ErrnoException & { port?: number };
  switch (code) {
    case 'EADDRINUSE':
      return `Another program uses port ${port}. Set PORT to another port.`;
    case 'EADDRNOTAVAIL':
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
      return `${error.message}. Check ${path === undefined ? 'HOST and PORT' : 'DATA_DIR and its owner'}.`;
    default:
      return undefined;
  }
}
