import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Whether a program can be started. */
export const isThere = async (program: string, ...args: string[]): Promise<boolean> =>
  await promisify(execFile)(program, args).then(
    () => true,
    () => false,
  );
