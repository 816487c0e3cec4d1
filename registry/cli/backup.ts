/** The commands `registry backup <file>`, `registry restore <file>` and `registry confirm-restore`. */
import { dataPaths } from '../data-paths.ts';
import { Problem } from '../errors.ts';
import type { Deps } from '../open.ts';
import { backup } from '../services/backup/backup.ts';
import { compareWithRunning } from '../services/backup/compare-running.ts';
import { confirmRestore } from '../services/backup/confirm.ts';
import { type Restored, restore } from '../services/backup/restore.ts';
import { OPERATOR } from '../services/caller.ts';
import { ownVersion } from '../version.ts';
import { noteBackup } from './backup-notes.ts';
import { orProblem } from './import.ts';
import { runFsck } from './maintenance.ts';
import type { Terminal } from './terminal.ts';

interface BackupFile {
  file: string;
  /** An earlier backup. */
  since?: string;
}

export interface RestoreFiles {
  /** A full backup and the incremental backups after it, oldest first. */
  files: string[];
  /** ISO 8601. */
  at?: string;
  /** Names of definitions whose problems do not count, separated by commas. */
  except?: string;
}

/** The number of rows in all tables of a backup. */
export const rowsIn = (tables: Record<string, number>): number =>
  Object.values(tables).reduce((sum, count) => sum + count, 0);

export async function runBackup(
  deps: Deps,
  terminal: Terminal,
  { file, since }: BackupFile,
): Promise<number> {
  const { manifest, unsettled, leftOut } = await orProblem(file, async (path) =>
    backup({ ...deps, version: await ownVersion() }, path, {
      since,
      onProgress: (done, total) => terminal.progress(done, total, 'Backing up repositories'),
    }),
  );
  for (const { name, reason } of unsettled) {
    terminal.err(`${name} is in the backup, but has faults: ${reason}`);
  }
  for (const { name, reason } of leftOut) terminal.err(`${name} is not in the backup: ${reason}`);
  const keys = await deps.signingKeys.check().then(
    () => null,
    (error: Error) => error.message,
  );
  if (keys !== null) terminal.err(`The keys are not complete in the backup: ${keys}`);
  const { repositories, tables } = manifest;
  const files = since === undefined ? `are in ${file}` : `are in ${file} and the backups before it`;
  terminal.out(`${repositories.length} repositories and ${rowsIn(tables)} rows ${files}.`);
  terminal.out(
    'Keep this file secret: it contains the keys with which the registry signs versions and sessions.',
  );
  if (leftOut.length > 0) {
    terminal.err(
      `${leftOut.length} definitions are missing in this backup. Keep an earlier backup that contains them.`,
    );
  }
  if (leftOut.length + unsettled.length > 0 || keys !== null) return 1;
  await noteBackup(dataPaths(deps.config.DATA_DIR), file);
  return 0;
}

/** Compares backups with this registry (`registry backup verify --with-registry`). */
export async function runCompare(
  deps: Deps,
  terminal: Terminal,
  { files }: RestoreFiles,
): Promise<number> {
  const found = await compareWithRunning(deps, files);
  for (const line of found) terminal.err(line);
  if (found.length > 0) return 1;
  terminal.out('The audit trail and the versions in the backup are those of the registry.');
  return 0;
}

/** Restores a backup, then checks the restored registry as `registry fsck` does. */
export async function runRestore(
  deps: Deps,
  terminal: Terminal,
  { files, at }: RestoreFiles,
): Promise<number> {
  const time = timeOf(at);
  const restored = await orProblem(files.join(', '), () =>
    restore(deps, files, {
      at: time,
      onProgress: (done, total) => terminal.progress(done, total, 'Restoring repositories'),
    }),
  );
  const { tables, left_out = [] } = restored;
  const repositories = (await deps.repositories.list()).length;
  terminal.out(
    `Restored ${repositories} repositories and ${rowsIn(tables)} rows from the backup of ${restored.made_at}.`,
  );
  for (const line of aboutMoment(restored, time)) terminal.out(line);
  for (const name of left_out)
    terminal.err(`The backup does not contain the repository of ${name}.`);
  terminal.out(
    'Lab computers get nothing new until you confirm the restore. Read docs/backup.md, then run: npx registry confirm-restore --by "Your Name"',
  );
  return await runFsck(deps, terminal);
}

/** What was restored if the wanted moment is not that of a backup. */
export function aboutMoment({ between, moment }: Restored, at: Date | undefined): string[] {
  if (at === undefined || (between === undefined && moment.getTime() === at.getTime())) return [];
  if (between === undefined) {
    return [
      `The registry is as it was at ${moment.toISOString()}. To restore what landed from then to ${at.toISOString()}, also give the next backup.`,
    ];
  }
  const { from, landed, omitted } = between;
  const missing = Object.entries(omitted).map(([action, count]) => `${action} ${count}`);
  return [
    `Definitions, versions and the audit trail are as they were at ${moment.toISOString()}; ${landed} versions landed after the backup of ${from}. Everything else is as it was in that backup.`,
    ...(missing.length === 0
      ? []
      : [
          `These changes are in the audit trail but were not restored, so repeat those that you need: ${missing.join(', ')}.`,
        ]),
  ];
}

/** Throws `Problem` `invalid` if the text is no time. */
export function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw new Problem('invalid', `${text} is no time. Write it as 2026-03-02T09:00:00Z.`);
}

export async function runConfirmRestore(
  deps: Deps,
  terminal: Terminal,
  { by }: { by: string },
): Promise<number> {
  await confirmRestore(deps, OPERATOR, by);
  terminal.out('Lab computers will accept the restored registry at their next sync.');
  return 0;
}
