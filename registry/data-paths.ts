import { join, resolve } from 'node:path';

/** Paths in the data folder. */
export function dataPaths(dataDir: string) {
  const root = resolve(dataDir);
  return {
    root,
    repositories: join(root, 'repos'),
    journal: join(root, 'journal'),
    leases: join(root, 'leases'),
    workshops: join(root, 'repos', '.workshop'),
    database: join(root, 'postgres'),
    keys: join(root, 'keys'),
    /** Exists while a restore is running, and after one that did not finish. */
    restoring: join(root, 'restore-unfinished'),
    socket: join(root, 'registry.sock'),
    lastBackup: join(root, 'last-backup'),
    /** Says why the last automatic backup failed. */
    failedBackup: join(root, 'failed-backup'),
    backupLock: join(root, 'leases', 'backup.lock'),
  };
}
