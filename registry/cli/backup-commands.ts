/** Declares the commands `registry backup`, `restore` and `confirm-restore`. */
import { resolve } from 'node:path';
import type { Command } from 'commander';

const RESTORE_AT = [
  '--at <time>',
  'restore this moment (ISO 8601); also give the next backup after it for what landed in between',
] as const;

const path = (file: string): string => resolve(file);

const filesAndOptions = (files: string[], options: object) => ({
  files: files.map(path),
  ...options,
});

const RESTORE_NEXT = `
Lab computers get nothing new from the restored registry until you run:
registry confirm-restore --by "Your Name"`;

/** `act` makes the action of a command (program.ts). */
export function addBackupCommands(
  root: Command,
  act: (
    command: string,
    options: (...args: never[]) => object,
  ) => (...args: unknown[]) => Promise<void>,
): void {
  root
    .command('backup <file>')
    .description(
      'write the repositories, the database and the keys into one file; the server may be running',
    )
    .option(
      '--since <earlier>',
      'write only the git objects that this earlier backup does not have; keep both files',
      path,
    )
    .action(act('backup', (file: string, options: object) => ({ file: resolve(file), ...options })))
    .command('verify <files...>')
    .description('restore a backup into a temporary folder and check it; change nothing')
    .option(...RESTORE_AT)
    .option(
      '--except <names>',
      'do not count what is missing or wrong in these definitions (comma-separated)',
    )
    .option(
      '--with-registry',
      'also compare the audit trail and the versions in the backup with this registry',
    )
    .action(act('backup verify', filesAndOptions));
  root
    .command('restore <files...>')
    .description(
      'restore a backup (and the incremental backups after it) into an empty DATA_DIR and an empty database',
    )
    .option(...RESTORE_AT)
    .addHelpText('after', RESTORE_NEXT)
    .action(act('restore', filesAndOptions));
  root
    .command('confirm-restore')
    .description('let lab computers accept the registry after it was restored from a backup')
    .requiredOption('--by <name>', 'your name, which lab computers show')
    .action(act('confirm-restore', (options: object) => options));
}
