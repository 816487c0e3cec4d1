/** The command `registry backup verify <files...>`. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../config.ts';
import { Problem } from '../errors.ts';
import { openDeps } from '../open.ts';
import { restore } from '../services/backup/restore.ts';
import { fsck } from '../services/repair/fsck.ts';
import { aboutMoment, type RestoreFiles, rowsIn, timeOf } from './backup.ts';
import { orProblem } from './import.ts';
import type { Terminal } from './terminal.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Restores a backup (or a full backup and the incremental backups after it) into a temporary folder with an embedded
 * database, and checks the restored registry. The data folder of this registry and a running server are not involved.
 * Returns 1 if anything is missing or damaged.
 */
export async function runVerify(terminal: Terminal, files: RestoreFiles): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'registry-verify-'));
  const stop = (signal: NodeJS.Signals) => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    process.exit(128 + constants.signals[signal]);
  };
  // The folder has the keys of the registry. A server that stops during its verification sends SIGTERM.
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    return await verifyIn(folder, terminal, files);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
    await rm(folder, { recursive: true, force: true });
  }
}

async function verifyIn(
  folder: string,
  terminal: Terminal,
  { files, at, except = '' }: RestoreFiles,
): Promise<number> {
  const config = loadConfig({ DATA_DIR: join(folder, 'data') });
  const deps = await openDeps(config, () => '', { migrates: false, isCommand: true });
  try {
    const time = timeOf(at);
    const restored = await orProblem(files.join(', '), () =>
      restore(deps, files, {
        at: time,
        compares: true,
        onProgress: (done, total) => terminal.progress(done, total, 'Restoring repositories'),
      }),
    );
    const known = new Set(except.split(','));
    const found = await fsck(deps, (done, total) =>
      terminal.progress(done, total, 'Checking repositories'),
    );
    const { repositories, tables, made_at } = restored;
    const left_out = (restored.left_out ?? []).filter((name) => !known.has(name));
    const problems = found.problems.filter(({ where }) => !known.has(where));
    for (const line of aboutMoment(restored, time)) terminal.out(line);
    for (const name of left_out) terminal.err(`${name} is not in the backup.`);
    for (const { where, problem } of problems) terminal.err(`${where}: ${problem}`);
    const isWhole = left_out.length + problems.length === 0;
    terminal.out(
      `The backup of ${made_at} can be restored: ${repositories.length} repositories and ${rowsIn(tables)} rows. ${isWhole ? 'Nothing is missing or damaged.' : 'What is listed above is missing or damaged.'}`,
    );
    return isWhole ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    terminal.err(`The backup cannot be restored. ${error.message}`);
    return 1;
  } finally {
    await deps.close();
  }
}
