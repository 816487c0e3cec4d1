/** The command line: the names, options and help texts of all commands. */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { type Config, isSecret, loadConfig, SETTINGS } from '../config.ts';
import { requireWhole, withWaysBack } from '../data-folder.ts';
import { dataPaths } from '../data-paths.ts';
import { openDataFolder } from '../private-files.ts';
import { singleSignOnOf } from '../single-sign-on.ts';
import { openEmbedded } from '../store/embedded/open.ts';
import type { RestoreFiles } from './backup.ts';
import { addBackupCommands } from './backup-commands.ts';
import { askServer, type CommandRequest } from './control.ts';
import { keepHeapSmall } from './small-heap.ts';
import { localTerminal, printError } from './terminal.ts';

/** Parses `argv`, runs the command and returns the exit code. */
export async function runProgram(argv: string[]): Promise<number> {
  let exit = 0;
  const act =
    (command: string, options: (...args: never[]) => object | Promise<object>) =>
    async (...args: unknown[]): Promise<void> => {
      // The cast is needed because Commander passes the arguments that the command declares, but types them as `any`.
      const given = await options(...(args as never[]));
      exit = await runHereOrThere({ command, options: { ...given } });
    };
  await program(act).parseAsync(argv);
  return exit;
}

type Act = (
  command: string,
  options: (...args: never[]) => object | Promise<object>,
) => (...args: unknown[]) => Promise<void>;

/** Declares all commands. `act` makes the action of a command. */
export function program(act: Act): Command {
  const root = new Command('registry').description(
    'A registry that keeps PyBirch instrument definitions in git',
  );
  root.addCommand(serveCommand());
  root
    .command('migrate')
    .description('bring the database up to date')
    .action(act('migrate', () => ({})));
  root
    .command('import <folder>')
    .description('create a definition for every instrument class in a folder of Python files')
    .option('--lab <code>', 'the lab that the definitions will belong to')
    .option('--builtin', 'import the classes as built-in definitions')
    .option(
      '--base <name=type>',
      'treat classes with this base class as instruments, as Name=movement or Name=measurement',
      collect,
    )
    .option(
      '--include <glob>',
      'import only files and folders that match this .gitignore pattern, or classes with this name',
      collect,
    )
    .option(
      '--exclude <glob>',
      'import no file, folder or class that matches; imported definitions may still depend on it',
      collect,
    )
    .option(
      '--prefer <path>',
      'if several classes have the same name, import the one in this file or folder',
      collect,
    )
    .option(
      '--rename <old=new>',
      'import a class under another name; write PATH:OLD=NEW if several classes have the name OLD',
      collect,
    )
    .option('--dry-run', 'report what would be imported, and write nothing')
    .option('--verbose', 'list every file, and every place of each problem')
    .option('--json', 'print the report as JSON')
    .option('--report <file>', 'write the report as JSON')
    .addHelpText('after', IMPORT_EXIT)
    .action(
      act('import', (folder: string, options: { report?: string }) => ({
        ...options,
        folder: resolve(folder),
        ...(options.report !== undefined && { report: resolve(options.report) }),
      })),
    );
  root
    .command('export <folder>')
    .description('write the newest version of every definition as files')
    .option('--bundle', 'write one file instead of a folder, for `pybirch-registry import-bundle`')
    .option(
      '--lab <code>',
      'export only the definitions of this lab, and with --builtin also the built-in ones',
    )
    .option(
      '--builtin',
      'export only the built-in definitions, and with --lab also those of the lab',
    )
    .option('--force', 'replace existing files with other content')
    .action(
      act('export', (folder: string, options: object) => ({ ...options, folder: resolve(folder) })),
    );
  root
    .command('reindex')
    .description('rebuild the index of definitions and versions from the repositories')
    .option(
      '--delete-missing',
      'delete definitions without a repository, and versions that their repository does not have',
    )
    .action(act('reindex', (options: object) => options));
  root
    .command('fsck')
    .description(
      'check the repositories, the index and the audit trail; complete landings that a crash interrupted',
    )
    .option('--repair', 'first repair what can be repaired without losing anything')
    .action(act('fsck', (options: object) => options));
  root
    .command('maintain')
    .description(
      'pack the repositories, delete unreachable objects, and adopt refs that were changed with git directly',
    )
    .action(act('maintain', () => ({})));
  root
    .command('doctor')
    .description(
      'check the machine, the settings, the data folder and the database; change nothing',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', DOCTOR_EXIT)
    .action(act('doctor', (options: object) => options));
  addBackupCommands(root, act);
  root.addCommand(keysCommand(act));
  root.addCommand(userCommand(act));
  root.addCommand(tokenCommand(act));
  return withErrors(root);
}

/** Makes every command show its help and throw after a wrong command line. `run` then chooses the exit code. */
function withErrors(command: Command): Command {
  command
    .showHelpAfterError()
    .exitOverride()
    .configureOutput({ writeErr: (text) => printError(text.trimEnd()) });
  command.commands.forEach(withErrors);
  return command;
}

const IMPORT_EXIT = `
Exit codes: 0 if the import is complete, even if classes were left out (--json counts them in counts.lost);
1 if the import could not begin or ended early; 2 if an option is wrong; 3 if the database is in use.`;

const DOCTOR_EXIT = `
Exit codes: 0 if there is no problem, even with warnings; 1 if there is one. Run the command with the account and the
settings (environment variables) of the registry.`;

/** Collects the values of an option that may be repeated. */
const collect = (value: string, before: string[] = []): string[] => [...before, value];

function serveCommand(): Command {
  const command = new Command('serve').description('serve the registry');
  for (const { flag, name, description, default: byDefault } of SETTINGS) {
    const shown = byDefault === undefined ? '' : ` (default: ${byDefault})`;
    command.addOption(new Option(`${flag} <value>`, `${description}${shown}; also ${name}`));
  }
  return command.action(async (options: Record<string, string>) => {
    const flags: Partial<Record<keyof Config, string>> = {};
    for (const [key, value] of Object.entries(options)) {
      flags[key.replace(/[A-Z]/g, '_$&').toUpperCase() as keyof Config] = value;
    }
    // Every account of this machine can see the arguments of a process. A process title replaces the arguments, so it
    // hides secrets among them.
    if (Object.keys(flags).some(isSecret)) process.title = 'registry serve';
    const config = loadConfig(process.env, flags);
    const singleSignOn = singleSignOnOf(config);
    await openDataFolder(dataPaths(config.DATA_DIR).root);
    await requireWhole(config, 'serve');
    // The database opens in a thread of its own while this thread loads the modules of the server.
    const embedded = config.DATABASE_URL
      ? undefined
      : await openEmbedded(dataPaths(config.DATA_DIR).database);
    try {
      const { serve } = await import('./serve.ts');
      await serve(config, singleSignOn, embedded);
    } catch (error) {
      await embedded?.close();
      throw withWaysBack(error, config.DATA_DIR);
    }
  });
}

function keysCommand(act: Act): Command {
  const keys = new Command('keys').description('manage the keys that sign versions');
  keys
    .command('rotate')
    .description('sign new versions with a new key; old signatures stay valid')
    .action(act('keys rotate', () => ({})));
  keys
    .command('new')
    .description(
      'make a new key after the old one was lost; lab computers do not accept it until they are enrolled again',
    )
    .action(act('keys new', () => ({})));
  return keys;
}

function userCommand(act: Act): Command {
  const user = new Command('user').description('manage accounts');
  const passwordFrom = '--password-stdin';
  const passwordHelp =
    'read the password from standard input (otherwise one is generated and shown)';
  user
    .command('add <username>')
    .description('create an account')
    .option('--name <name>', 'the full name')
    .option('--email <email>', 'the email address in commits')
    .option('--admin', 'make the account a site admin')
    .option(passwordFrom, passwordHelp)
    .action(
      act('user add', async (username: string, options: { passwordStdin?: boolean }) => ({
        username,
        ...options,
        ...(await passwordOf(options)),
      })),
    );
  user
    .command('password <username>')
    .description('set a new password for an account and end its sessions')
    .option(passwordFrom, passwordHelp)
    .action(
      act('user password', async (username: string, options: { passwordStdin?: boolean }) => ({
        username,
        ...(await passwordOf(options)),
      })),
    );
  user
    .command('list')
    .description(
      'list accounts: id, username, name, email, and whether site admin or disabled, separated by tabs',
    )
    .action(act('user list', () => ({})));
  return user;
}

function tokenCommand(act: Act): Command {
  const token = new Command('token').description('manage tokens for programs and git');
  token
    .command('create <username>')
    .description('create a token for an account, and print only the token on standard output')
    .option('--name <name>', 'what the token is for', 'command line')
    .addOption(
      new Option('--scope <scope>', 'what the token may do')
        .choices(['read', 'write', 'admin'])
        .default('write'),
    )
    .option('--expires <time>', 'when the token expires (ISO 8601)')
    .action(act('token create', (username: string, options: object) => ({ username, ...options })));
  return token;
}

async function passwordOf({ passwordStdin }: { passwordStdin?: boolean }) {
  if (!passwordStdin) return {};
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;
  return { password: text.replace(/\r?\n$/, '') };
}

/** The commands that report or mend what is missing. All others need a registry that is whole. */
const EXAMINES = new Set([
  'fsck',
  'reindex',
  'backup',
  'backup compare',
  'restore',
  'migrate',
  'keys new',
]);

/**
 * Lets a running server execute the command if the server uses the embedded database. Otherwise this process executes
 * the command.
 */
async function runHereOrThere(request: CommandRequest): Promise<number> {
  const terminal = await localTerminal();
  if (request.command === 'backup verify') {
    const { runVerify } = await import('./verify-backup.ts');
    const exit = await runVerify(terminal, request.options as unknown as RestoreFiles);
    if (!request.options.withRegistry || exit !== 0) return exit;
    return await runHereOrThere({ ...request, command: 'backup compare' });
  }
  const config = loadConfig();
  if (!config.DATABASE_URL) {
    const exit = await askServer(dataPaths(config.DATA_DIR).socket, request, terminal);
    if (exit !== undefined) return exit;
  }
  keepHeapSmall();
  if (request.command === 'doctor') {
    // The doctor opens nothing, because opening the data folder changes it.
    const { runDoctor } = await import('./doctor/doctor.ts');
    return await runDoctor(config, terminal, request.options);
  }
  await requireWhole(config, request.command);
  const [{ runCommand }, { openDeps }] = await Promise.all([
    import('./commands.ts'),
    import('../open.ts'),
  ]);
  const publicUrl = () => config.PUBLIC_URL ?? `http://${config.HOST}:${config.PORT}`;
  // A restore must not migrate the database first, because the backup brings the schema of its own database.
  const migrates = request.command !== 'restore';
  const deps = await openDeps(config, publicUrl, { migrates, isCommand: true }).catch((error) => {
    throw withWaysBack(error, config.DATA_DIR);
  });
  try {
    if (EXAMINES.has(request.command)) return await runCommand(deps, request, terminal);
    const { agree } = await import('../services/repair/agreement.ts');
    const agreement = await agree(deps);
    const code = await runCommand(deps, request, terminal);
    await agreement.keep();
    return code;
  } finally {
    await deps.close();
  }
}
