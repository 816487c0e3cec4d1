/** Makes backups while the server runs, if `BACKUP_DIR` is set. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { FastifyBaseLogger } from 'fastify';
import { dataPaths } from '../data-paths.ts';
import type { Deps } from '../open.ts';
import { Ages } from '../services/backup/ages.ts';
import { backUpIfDue, type Outcome, type Schedule } from '../services/backup/schedule.ts';
import { Coalesced } from '../store/coalesced.ts';
import { ownVersion } from '../version.ts';
import { backupState, noteBackup, noteFailure, noteNoFailure } from './backup-notes.ts';

/** The time between two looks whether a backup is due, in milliseconds. */
const LOOK_EVERY_MS = 60_000;
/** How long to wait after a failure, in milliseconds. */
const RETRY_MS = 10 * 60_000;

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

/** Returns a function that stops. A backup that is running ends soon. */
export function keepBackups(deps: Deps, log: FastifyBaseLogger): () => Promise<void> {
  const { BACKUP_DIR: folder, BACKUP_MINUTES, BACKUP_DAYS } = deps.config;
  const paths = dataPaths(deps.config.DATA_DIR);
  if (folder === undefined) {
    // Nobody tries again, so an earlier failure means nothing any more.
    const cleared = noteNoFailure(paths).catch((err) =>
      log.warn({ err }, 'the note of a failed backup cannot be deleted'),
    );
    return () => cleared;
  }
  const stop = new AbortController();
  const { signal } = stop;
  const schedule: Schedule = {
    folder,
    everyMinutes: BACKUP_MINUTES,
    keepDays: BACKUP_DAYS,
    ages: new Ages(),
    lock: paths.backupLock,
    verify: (files, faulty) => verifyApart(files, faulty, signal),
    signal,
  };
  let failedAt = Number.NEGATIVE_INFINITY;
  const looking = new Coalesced(async () => {
    try {
      if (performance.now() - failedAt < RETRY_MS) return;
      // Another process may have failed. Its failure is in the future if somebody has set the clock back since.
      const { failure } = await backupState(paths);
      const since = failure ? Date.now() - failure.at.getTime() : RETRY_MS;
      if (since >= 0 && since < RETRY_MS) return;
      const made = await backUpIfDue({ ...deps, version: await ownVersion() }, schedule);
      if (made === undefined) return;
      const fault = faultIn(made);
      if (fault !== null) throw new Error(fault);
      await noteBackup(paths, made.path);
      await noteNoFailure(paths);
      log.info({ file: made.path, deleted: made.deleted }, 'backup made');
    } catch (err) {
      if (signal.aborted) return;
      failedAt = performance.now();
      await noteFailure(paths, (err as Error).message).catch((err) =>
        log.error({ err }, 'the failed backup cannot be noted'),
      );
      log.error({ err }, 'the automatic backup failed; run: registry doctor');
    }
  });
  void looking.run();
  const timer = setInterval(() => void looking.run(), LOOK_EVERY_MS).unref();
  return async () => {
    clearInterval(timer);
    stop.abort();
    await looking.settled();
  };
}

function faultIn({ path, report: { leftOut, unsettled } }: Outcome): string | null {
  const faults = [
    ...leftOut.map(({ name }) => `${name} is not in it`),
    ...unsettled.map(({ name }) => `${name} has faults`),
  ];
  return faults.length === 0 ? null : `${path} is not complete: ${faults.join(', ')}`;
}

/** Verifies in a process of its own, with low priority: a restore needs as much memory as another registry. */
async function verifyApart(
  files: readonly string[],
  faulty: readonly string[],
  signal: AbortSignal,
): Promise<string | null> {
  const except = faulty.length > 0 ? ['--except', faulty.join(',')] : [];
  const child = spawn(process.execPath, [MAIN, 'backup', 'verify', ...except, ...files], {
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
  });
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < 2000) said += text;
  });
  const [code] = await once(child, 'close');
  return code === 0 ? null : said.trim() || `registry backup verify ended with ${code}`;
}
