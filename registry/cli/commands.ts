/**
 * All commands that work on an opened data folder, by name. A command runs in the process of the command line, or in a
 * server that receives the command through its socket.
 */
import { Problem } from '../errors.ts';
import type { Deps } from '../open.ts';
import type { CommandRequest } from './control.ts';
import type { Terminal } from './terminal.ts';

type Command = (deps: Deps, terminal: Terminal, options: never) => Promise<number>;

const backup = () => import('./backup.ts');
const folders = () => import('./folders.ts');
const keys = () => import('./keys.ts');
const maintenance = () => import('./maintenance.ts');
const people = () => import('./people.ts');

/**
 * Each command loads only its own modules. Modules for archives or password hashes would slow the commands that do not
 * need them.
 */
const COMMANDS: Record<string, () => Promise<Command>> = {
  import: async () => (await folders()).importDefinitions,
  export: async () => (await folders()).exportDefinitions,
  migrate: async () => (await maintenance()).runMigrate,
  reindex: async () => (await maintenance()).runReindex,
  fsck: async () => (await maintenance()).runFsck,
  maintain: async () => (await maintenance()).runMaintain,
  doctor: async () => {
    const { runDoctor } = await import('./doctor/doctor.ts');
    return ({ config, store }, terminal, options) => runDoctor(config, terminal, options, store);
  },
  backup: async () => (await backup()).runBackup,
  'backup compare': async () => (await backup()).runCompare,
  restore: async () => (await backup()).runRestore,
  'confirm-restore': async () => (await backup()).runConfirmRestore,
  'keys rotate': async () => (await keys()).rotateKeys,
  'keys new': async () => (await keys()).newKeys,
  'user add': async () => (await people()).addUser,
  'user password': async () => (await people()).setPassword,
  'user list': async () => (await people()).showUsers,
  'token create': async () => (await people()).createToken,
};

/**
 * Runs a command and returns its exit code: 0 if it succeeded, 1 if it failed. If a command fails, the terminal shows
 * why.
 */
export async function runCommand(
  deps: Deps,
  { command, options }: CommandRequest,
  terminal: Terminal,
): Promise<number> {
  const load = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (!load) throw new Error(`unknown command ${command}`);
  const run = await load();
  try {
    // The cast is safe: the sender has parsed the options as program.ts declares them for this command.
    return await run(deps, terminal, options as never);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    terminal.err(error.message);
    return 1;
  }
}
