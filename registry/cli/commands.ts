/** Every command that works on an opened data folder, by name. It runs here, or in a server through its socket. */
import { Problem } from '../errors.ts';
import type { Deps } from '../open.ts';
import { runBackup, runConfirmRestore, runRestore } from './backup.ts';
import type { CommandRequest } from './control.ts';
import { exportDefinitions, importDefinitions } from './folders.ts';
import { rotateKeys } from './keys.ts';
import { runFsck, runMaintain, runMigrate, runReindex } from './maintenance.ts';
import { addUser, createToken, setPassword, showUsers } from './people.ts';
import type { Terminal } from './terminal.ts';

type Command = (deps: Deps, terminal: Terminal, options: never) => Promise<number>;

const COMMANDS: Record<string, Command> = {
  import: importDefinitions,
  export: exportDefinitions,
  migrate: runMigrate,
  reindex: runReindex,
  fsck: runFsck,
  maintain: runMaintain,
  backup: runBackup,
  restore: runRestore,
  'confirm-restore': runConfirmRestore,
  'keys rotate': rotateKeys,
  'user add': addUser,
  'user password': setPassword,
  'user list': showUsers,
  'token create': createToken,
};

/** The command's exit code: 0 done, 1 it could not be done (said on the terminal). */
export async function runCommand(
  deps: Deps,
  { command, options }: CommandRequest,
  terminal: Terminal,
): Promise<number> {
  const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (!run) throw new Error(`unknown command ${command}`);
  try {
    // The command line that sent the options parsed them by the declaration of this command (program.ts).
    return await run(deps, terminal, options as never);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    terminal.err(error.message);
    return 1;
  }
}
