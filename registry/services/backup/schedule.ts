/**
 * Backups that a server makes by itself (docs/decisions/0050-automatic-backups.md). What is due follows from the files in the
 * folder, so any process can make the next one.
 */
import { mkdir } from 'node:fs/promises';
import { RepositoryError } from '../../../repos/errors.ts';
import type { Leases } from '../../../repos/leases.ts';
import { withLock } from '../../../repos/lock.ts';
import { Problem } from '../../errors.ts';
import { findIdentity } from '../../store/registry-identity.ts';
import type { Ages } from './ages.ts';
import { type BackupDeps, type BackupReport, backup } from './backup.ts';
import { type KeptChain, KeptFiles, noteVerified, outdated, removeChain } from './kept-files.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The longest time between two full backups. */
const FULL_EVERY_MS = 7 * DAY_MS;
/** With more faulty definitions, a disk is missing rather than a definition damaged, and no backup is deleted. */
const MOST_FAULTY = 1000;

export interface Schedule {
  folder: string;
  everyMinutes: number;
  keepDays: number;
  ages: Ages;
  /** The lock that keeps two processes from making a backup at once. */
  lock: string;
  /**
   * Restores the files in a scratch place. Returns what is wrong, or null. What is wrong with these definitions does not
   * count, because it is known.
   */
  verify(paths: readonly string[], faulty: readonly string[]): Promise<string | null>;
  signal: AbortSignal;
}

export interface Outcome {
  path: string;
  report: BackupReport;
  /** The number of old backups that were deleted. */
  deleted: number;
}

interface ScheduleDeps extends BackupDeps {
  leases: Leases;
}

/** Makes a backup if one is due and no other process makes one, and then deletes old ones. */
export async function backUpIfDue(
  deps: ScheduleDeps,
  schedule: Schedule,
): Promise<Outcome | undefined> {
  await mkdir(schedule.folder, { recursive: true, mode: 0o700 });
  const identity = await findIdentity(deps.store.em());
  const kept = new KeptFiles(schedule.folder, identity?.registry);
  if (!(await isDue(kept, schedule))) return undefined;
  let isOurs = false;
  const makeOne = async () => {
    isOurs = true;
    // Another process may have made the backup meanwhile.
    return (await isDue(kept, schedule)) ? await backUp(deps, kept, schedule) : undefined;
  };
  try {
    return await withLock(deps.leases, schedule.lock, makeOne, { wait: 0 });
  } catch (error) {
    const isHeld = !isOurs && error instanceof RepositoryError && error.code === 'locked';
    if (isHeld) return undefined;
    throw error;
  }
}

async function isDue(kept: KeptFiles, { everyMinutes, ages }: Schedule): Promise<boolean> {
  const last = (await kept.chains()).at(-1);
  const path = last?.paths.at(-1);
  if (last === undefined || path === undefined) return true;
  return ages.of(path, last.newest) >= everyMinutes * MINUTE_MS;
}

async function backUp(deps: ScheduleDeps, kept: KeptFiles, schedule: Schedule): Promise<Outcome> {
  const { keepDays, signal } = schedule;
  await kept.removeDrafts();
  const chain = (await kept.chains()).at(-1);
  const begun = schedule.ages.next(chain?.newest);
  const since = continued(chain, begun, schedule);
  const made = await write(deps, kept, schedule, { begun, since });
  // Verified now and not when it is needed: only a verified full backup lets older ones be deleted.
  if (!(await kept.chains()).at(-1)?.isVerified) await verify(kept, schedule, made.report);
  signal.throwIfAborted();
  const before = new Date(begun.getTime() - keepDays * DAY_MS);
  // One chain for each new backup is enough. If the clock runs years ahead, all seem old, and somebody has time to notice.
  const [old] = outdated(await kept.chains(), before);
  if (old) await removeChain(old);
  return { ...made, deleted: old?.paths.length ?? 0 };
}

/** The backup that the next one continues. Undefined if a full one is due. */
function continued(
  chain: KeptChain | undefined,
  now: Date,
  { everyMinutes, keepDays }: Schedule,
): string | undefined {
  if (!chain?.isVerified) return undefined;
  const longest = Math.min(FULL_EVERY_MS, keepDays * DAY_MS);
  // Counted too, because the times in the names hardly advance after the clock was set back.
  const least = chain.paths.length * everyMinutes * MINUTE_MS;
  const age = Math.max(now.getTime() - chain.begun.getTime(), least);
  return age >= longest ? undefined : chain.paths.at(-1);
}

async function write(
  deps: ScheduleDeps,
  kept: KeptFiles,
  { signal }: Schedule,
  { begun, since }: { begun: Date; since: string | undefined },
): Promise<Omit<Outcome, 'deleted'>> {
  const path = kept.path(begun, since === undefined);
  try {
    return { path, report: await backup(deps, path, { since, signal }) };
  } catch (error) {
    // The earlier backup is damaged or gone: begin anew with a full one.
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof Problem;
    if (since === undefined || !isGone) throw error;
    const full = kept.path(begun, true);
    return { path: full, report: await backup(deps, full, { signal }) };
  }
}

/** Throws `Problem` `incomplete` if the newest chain cannot be restored. */
async function verify(
  kept: KeptFiles,
  { verify: check }: Schedule,
  { leftOut, unsettled }: BackupReport,
): Promise<void> {
  const chain = (await kept.chains()).at(-1);
  const [full] = chain?.paths ?? [];
  if (chain === undefined || full === undefined) return;
  const faulty = [...leftOut, ...unsettled].map(({ name }) => name).sort();
  const fault =
    faulty.length > MOST_FAULTY
      ? `${faulty.length} definitions are missing or damaged`
      : await check(chain.paths, faulty);
  if (fault !== null) throw new Problem('incomplete', `${full} cannot be verified: ${fault}`);
  await noteVerified(full, faulty);
}
