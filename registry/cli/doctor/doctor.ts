/**
 * The command `registry doctor`: checks the machine, the settings, the data folder and the database, and changes
 * nothing. So it does not open the data folder as other commands do: that would create folders, migrate the database and
 * repair an embedded database after a crash. `registry fsck` checks the content of the repositories and the index.
 */
import { tmpdir } from 'node:os';
import { openGitProgram } from '../../../repos/process.ts';
import type { Config } from '../../config.ts';
import { hasRepositories, requireWhole } from '../../data-folder.ts';
import { dataPaths } from '../../data-paths.ts';
import { Problem } from '../../errors.ts';
import { openStore, type Store } from '../../store/open.ts';
import type { Terminal } from '../terminal.ts';
import { checkAddresses } from './addresses.ts';
import { checkDataFolder } from './data-folder.ts';
import { checkClosedDatabase, checkDatabase } from './database.ts';
import { counted, type Finding, problem } from './finding.ts';
import { checkMachine } from './machine.ts';

interface DoctorOptions {
  json?: boolean;
}

/** Runs in the process of the command, or in a server that has the embedded database open (`store`). */
export async function runDoctor(
  config: Config,
  terminal: Terminal,
  { json = false }: DoctorOptions,
  store?: Store,
): Promise<number> {
  const findings = await examine(config, store);
  const count = (result: Finding['result']) =>
    findings.filter((one) => one.result === result).length;
  const problems = count('problem');
  const warnings = count('warning');
  if (json) {
    terminal.out(JSON.stringify({ problems, warnings, checks: findings }, null, 2));
  } else {
    for (const { check, result, found, advice } of findings) {
      terminal.out(`${result.padEnd(8)} ${check.padEnd(12)} ${found}`);
      if (advice !== undefined) terminal.out(`${' '.repeat(22)}${advice}`);
    }
    terminal.out(`${counted(problems, 'problem')}, ${counted(warnings, 'warning')}.`);
  }
  return problems === 0 ? 0 : 1;
}

async function examine(config: Config, store: Store | undefined): Promise<Finding[]> {
  const paths = dataPaths(config.DATA_DIR);
  const isEmbedded = config.DATABASE_URL === undefined;
  const git = await openGitProgram();
  try {
    return [
      ...(await checkMachine(git, tmpdir(), isEmbedded)),
      ...(await checkWhole(config)),
      ...(await checkDataFolder({ paths, isEmbedded, hasSecret: config.JWT_SECRET !== undefined })),
      ...(await examineDatabase(config, store)),
      ...(await checkAddresses(config)),
    ];
  } finally {
    await git.close();
  }
}

/** Reports what would keep every command from opening the data folder. */
async function checkWhole(config: Config): Promise<Finding[]> {
  try {
    await requireWhole(config, 'doctor');
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [problem('data-folder', 'the data folder is not complete', error.message)];
  }
}

async function examineDatabase(config: Config, running: Store | undefined): Promise<Finding[]> {
  if (running) return await checkDatabase(running);
  const paths = dataPaths(config.DATA_DIR);
  if (config.DATABASE_URL === undefined) {
    return [await checkClosedDatabase(paths.database, await hasRepositories(paths.repositories))];
  }
  const store = await openStore({ databaseUrl: config.DATABASE_URL });
  try {
    return await checkDatabase(store);
  } finally {
    await store.close();
  }
}
