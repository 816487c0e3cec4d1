/** `registry backup <file>`, `registry restore <file>` and `registry confirm-restore`. */
import type { Deps } from '../open.ts';
import { backup } from '../services/backup/backup.ts';
import { confirmRestore } from '../services/backup/confirm.ts';
import { restore } from '../services/backup/restore.ts';
import { OPERATOR } from '../services/caller.ts';
import { ownVersion } from '../version.ts';
import { orProblem } from './import.ts';
import { runFsck } from './maintenance.ts';
import type { Terminal } from './terminal.ts';

interface File {
  file: string;
}

const rowsIn = (tables: Record<string, number>): number =>
  Object.values(tables).reduce((sum, count) => sum + count, 0);

export async function runBackup(deps: Deps, terminal: Terminal, { file }: File): Promise<number> {
  const { manifest, unsettled } = await orProblem(file, async (path) =>
    backup({ ...deps, version: await ownVersion() }, path, (done, total) =>
      terminal.progress(done, total, 'Backing up repositories'),
    ),
  );
  for (const name of unsettled) {
    terminal.err(
      `${name} is in the backup, but it is damaged and cannot be repaired. Run: registry fsck`,
    );
  }
  const { repositories, tables } = manifest;
  terminal.out(`${repositories.length} repositories and ${rowsIn(tables)} rows are in ${file}.`);
  terminal.out('Anyone who has this file can sign versions and sessions as this registry.');
  return 0;
}

/** Also checks the restored registry, as `registry fsck` does. */
export async function runRestore(deps: Deps, terminal: Terminal, { file }: File): Promise<number> {
  const { repositories, tables, made_at } = await orProblem(file, (path) =>
    restore(deps, path, (done, total) => terminal.progress(done, total, 'Restoring repositories')),
  );
  terminal.out(
    `${repositories.length} repositories and ${rowsIn(tables)} rows are restored to their state of ${made_at}.`,
  );
  terminal.out(
    'Lab computers keep the versions that they have until you confirm the restore. Read docs/backup.md, then run: npx registry confirm-restore --by "Your Name"',
  );
  return await runFsck(deps, terminal);
}

export async function runConfirmRestore(
  deps: Deps,
  terminal: Terminal,
  { by }: { by: string },
): Promise<number> {
  await confirmRestore(deps, OPERATOR, by);
  terminal.out('Lab computers accept the restored registry at their next sync.');
  return 0;
}
