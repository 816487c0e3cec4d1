/** What the data folder says about backups: when the last complete one was made, and whether the last automatic one failed. */
import { rm, stat } from 'node:fs/promises';
import { writeSynced } from '../../repos/durable.ts';
import type { dataPaths } from '../data-paths.ts';
import { readIfThere } from '../keys.ts';

type Paths = Pick<ReturnType<typeof dataPaths>, 'lastBackup' | 'failedBackup'>;

export interface BackupState {
  /** When the last complete backup ended. Null if none is known. */
  last: Date | null;
  /** Why the last automatic backup failed. Null if it did not. */
  failure: { at: Date; why: string } | null;
}

/** The time of the file tells how old the last complete backup is. */
export const noteBackup = ({ lastBackup }: Paths, file: string): Promise<void> =>
  writeSynced(lastBackup, `${file}\n`, { mode: 0o600 });

export const noteFailure = ({ failedBackup }: Paths, why: string): Promise<void> =>
  writeSynced(failedBackup, `${why}\n`, { mode: 0o600 });

export const noteNoFailure = ({ failedBackup }: Paths): Promise<void> =>
  rm(failedBackup, { force: true });

export async function backupState({ lastBackup, failedBackup }: Paths): Promise<BackupState> {
  const why = (await readIfThere(failedBackup))?.trim();
  const at = await timeOf(failedBackup);
  return { last: await timeOf(lastBackup), failure: why !== undefined && at ? { at, why } : null };
}

async function timeOf(path: string): Promise<Date | null> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  return found?.mtime ?? null;
}
