/** The command line: names, options and help of every command. */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { type Config, isSecret, loadConfig, SETTINGS } from '../config.ts';
import { dataPaths } from '../data-paths.ts';
import { openDataFolder } from '../private-files.ts';
import { singleSignOnOf } from '../single-sign-on.ts';
import { openEmbedded } from '../store/embedded/open.ts';
import { askServer, type CommandRequest } from './control.ts';
import { keepHeapSmall } from './small-heap.ts';
import { localTerminal, printError } from './terminal.ts';

/** Parses `argv`, runs the command and returns the exit code. */
export async function runProgram(argv: string[]): Promise<number> {
  let exit = 0;
  const act =
    (command: string, options: (...args: never[]) => object | Promise<object>) =>
    async (...args: unknown[]): Promise<void> => {
      // Commander passes the arguments that the command declares, but types them as `any`.
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

/** The commands. `act` creates the action of each. */
export function program(act: Act): Command {
  const root = new Command('registry').description(
    'Git-backed registry of PyBirch instrument definitions',
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
      'an additional base class, as Name=movement or Name=measurement',
      collect,
    )
    .option(
      '--include <glob>',
      'import only the files and folders that match a .gitignore pattern, or the classes that match a name',
      collect,
    )
    .option(
      '--exclude <glob>',
      'import nothing that matches; other definitions may still include it',
      collect,
    )
    .option(
      '--prefer <path>',
      'if several classes have one name, import the one in this file or folder',
      collect,
    )
    .option(
      '--rename <old=new>',
      'import a class under another name; PATH:OLD=NEW for one of several',
      collect,
    )
    .option('--dry-run', 'report what would be imported, and write nothing')
    .option('--verbose', 'list every place and every file')
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
    .option('--bundle', 'write one file instead, for `pybirch-registry import-bundle`')
    .option(
      '--lab <code>',
      'only the definitions of this lab; with --builtin, also the built-in ones',
    )
    .option('--builtin', 'only the built-in definitions; with --lab, also those of the lab')
    .option('--force', 'replace existing files that have other content')
    .action(
      act('export', (folder: string, options: object) => ({ ...options, folder: resolve(folder) })),
    );
  root
    .command('reindex')
    .description('rebuild definitions and versions from the repositories alone')
    .action(act('reindex', () => ({})));
  root
    .command('fsck')
    .description('check repositories, index and audit trail; complete what a crash interrupted')
    .action(act('fsck', () => ({})));
  root
    .command('maintain')
    .description(
      'pack repositories, delete unreachable objects, apply ref changes made with git directly',
    )
    .action(act('maintain', () => ({})));
  root
    .command('backup <file>')
    .description('write repositories, database and keys into one file; the server may be running')
    .action(act('backup', (file: string) => ({ file: resolve(file) })));
  root
    .command('restore <file>')
    .description('restore a backup into an empty DATA_DIR and an empty database')
    .addHelpText('after', RESTORE_NEXT)
    .action(act('restore', (file: string) => ({ file: resolve(file) })));
  root
    .command('confirm-restore')
    .description('let lab computers accept a registry that was restored from a backup')
    .requiredOption('--by <name>', 'your name, as lab computers show it')
    .action(act('confirm-restore', (options: object) => options));
  root.addCommand(keysCommand(act));
  root.addCommand(userCommand(act));
  root.addCommand(tokenCommand(act));
  return withErrors(root);
}

/** After a wrong command line, every command shows its help and throws, so that `main` chooses the exit code. */
function withErrors(command: Command): Command {
  command
    .showHelpAfterError()
    .exitOverride()
    .configureOutput({ writeErr: (text) => printError(text.trimEnd()) });
  command.commands.forEach(withErrors);
  return command;
}

const IMPORT_EXIT = `
Exit code: 0 if the import is complete, even if something was left out (--json: counts.lost);
1 if it ended early or could not begin; 2 for wrong options; 3 if the database is in use.`;

const RESTORE_NEXT = `
Lab computers get nothing new from the restored registry until you run:
registry confirm-restore --by "Your Name"`;

/** An option that may be repeated. */
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
    // Every account of the machine can read a process's arguments. Its title replaces them.
    if (Object.keys(flags).some(isSecret)) process.title = 'registry serve';
    const config = loadConfig(process.env, flags);
    const singleSignOn = singleSignOnOf(config);
    await openDataFolder(dataPaths(config.DATA_DIR).root);
    // The database opens in its own thread while this one loads the modules of the service.
    const embedded = config.DATABASE_URL
      ? undefined
      : await openEmbedded(dataPaths(config.DATA_DIR).database);
    try {
      const { serve } = await import('./serve.ts');
      await serve(config, singleSignOn, embedded);
    } catch (error) {
      await embedded?.close();
      throw error;
    }
  });
}

function keysCommand(act: Act): Command {
  const keys = new Command('keys').description('the keys that versions are signed with');
  keys
    .command('rotate')
    .description('sign with a new key from now on; old signatures stay valid')
    .action(act('keys rotate', () => ({})));
  return keys;
}

function userCommand(act: Act): Command {
  const user = new Command('user').description('accounts');
  const passwordFrom = '--password-stdin';
  const passwordHelp =
    'read the password from standard input (without it, one is generated and shown)';
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
    .description('set a new password for an account; its sessions end')
    .option(passwordFrom, passwordHelp)
    .action(
      act('user password', async (username: string, options: { passwordStdin?: boolean }) => ({
        username,
        ...(await passwordOf(options)),
      })),
    );
  user
    .command('list')
    .description('list accounts: id, username, name, email and marks, separated by tabs')
    .action(act('user list', () => ({})));
  return user;
}

function tokenCommand(act: Act): Command {
  const token = new Command('token').description('tokens for programs and git');
  token
    .command('create <username>')
    .description('create a token for an account; standard output has only the token')
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

/** If a server holds the embedded database, it executes the command; otherwise this process does. */
async function runHereOrThere(request: CommandRequest): Promise<number> {
  const config = loadConfig();
  const terminal = await localTerminal();
  if (!config.DATABASE_URL) {
    const exit = await askServer(dataPaths(config.DATA_DIR).socket, request, terminal);
    if (exit !== undefined) return exit;
  }
  keepHeapSmall();
  const [{ runCommand }, { openDeps }] = await Promise.all([
    import('./commands.ts'),
    import('../open.ts'),
  ]);
  const publicUrl = () => config.PUBLIC_URL ?? `http://${config.HOST}:${config.PORT}`;
  // A backup contains the schema of its database, which is therefore not migrated first.
  const migrates = request.command !== 'restore';
  const deps = await openDeps(config, publicUrl, { migrates, isCommand: true });
  try {
    return await runCommand(deps, request, terminal);
  } finally {
    await deps.close();
  }
}
