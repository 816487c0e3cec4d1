/** Every command that works on an opened data folder, by name. It runs here, or in a server through its socket. */
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

/** Each loads its own modules: archives and the hashing of passwords take longer to load than an empty import. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  import: async () => (await folders()).importDefinitions,
  export: async () => (await folders()).exportDefinitions,
  migrate: async () => (await maintenance()).runMigrate,
  reindex: async () => (await maintenance()).runReindex,
  fsck: async () => (await maintenance()).runFsck,
  maintain: async () => (await maintenance()).runMaintain,
  backup: async () => (await backup()).runBackup,
  restore: async () => (await backup()).runRestore,
  'confirm-restore': async () => (await backup()).runConfirmRestore,
  'keys rotate': async () => (await keys()).rotateKeys,
  'user add': async () => (await people()).addUser,
  'user password': async () => (await people()).setPassword,
  'user list': async () => (await people()).showUsers,
  'token create': async () => (await people()).createToken,
};

/** Returns the exit code: 0 done, 1 failed (the terminal shows why). */
export async function runCommand(
  deps: Deps,
  { command, options }: CommandRequest,
  terminal: Terminal,
): Promise<number> {
  const load = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (!load) throw new Error(`unknown command ${command}`);
  const run = await load();
  try {
    // The sender parsed the options by this command's declaration (program.ts).
    return await run(deps, terminal, options as never);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    terminal.err(error.message);
    return 1;
  }
}
