/**
 * Backups that a server makes by itself (docs/decisions/0050-automatic-backups.md). What is due follows from the files in the
 * folder, so any process can make the next one.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RepositoryError } from '../../../repos/errors.ts';
import type { Leases } from '../../../repos/leases.ts';
import { withLock } from '../../../repos/lock.ts';
import { Problem } from '../../errors.ts';
import type { Ages } from './ages.ts';
import { type BackupDeps, type BackupReport, backup } from './backup.ts';
import {
  fileName,
  type KeptChain,
  keptChains,
  markOf,
  outdated,
  removeChain,
  removeDrafts,
} from './kept-files.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The longest time between two full backups. */
const FULL_EVERY_MS = 7 * DAY_MS;

export interface Schedule {
  folder: string;
  everyMinutes: number;
  keepDays: number;
  ages: Ages;
  /** The lock that keeps two processes from making a backup at once. */
  lock: string;
  /** Restores the files in a scratch place. Returns what is wrong, or null. */
  verify(paths: readonly string[]): Promise<string | null>;
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
  if (!(await isDue(schedule))) return undefined;
  let isOurs = false;
  const makeOne = async () => {
    isOurs = true;
    // Another process may have made the backup meanwhile.
    return (await isDue(schedule)) ? await backUp(deps, schedule) : undefined;
  };
  try {
    return await withLock(deps.leases, schedule.lock, makeOne, { wait: 0 });
  } catch (error) {
    const isHeld = !isOurs && error instanceof RepositoryError && error.code === 'locked';
    if (isHeld) return undefined;
    throw error;
  }
}

async function isDue({ folder, everyMinutes, ages }: Schedule): Promise<boolean> {
  const last = (await keptChains(folder)).at(-1);
  const path = last?.paths.at(-1);
  if (last === undefined || path === undefined) return true;
  return ages.of(path, last.newest) >= everyMinutes * MINUTE_MS;
}

async function backUp(deps: ScheduleDeps, schedule: Schedule): Promise<Outcome> {
  const { folder, keepDays, signal } = schedule;
  await removeDrafts(folder);
  const chain = (await keptChains(folder)).at(-1);
  const begun = schedule.ages.next(chain?.newest);
  const made = await write(deps, schedule, begun, continued(chain, begun, schedule));
  // Verified now and not when it is needed: only a verified full backup lets older ones be deleted.
  if (!(await keptChains(folder)).at(-1)?.isVerified) await verify(schedule);
  signal.throwIfAborted();
  const before = new Date(begun.getTime() - keepDays * DAY_MS);
  // One chain for each new backup is enough. If the clock runs years ahead, all seem old, and somebody has time to notice.
  const [old] = outdated(await keptChains(folder), before);
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
  schedule: Schedule,
  begun: Date,
  since: string | undefined,
): Promise<Omit<Outcome, 'deleted'>> {
  const path = join(schedule.folder, fileName(begun, since === undefined));
  const onProgress = () => schedule.signal.throwIfAborted();
  try {
    return { path, report: await backup(deps, path, { since, onProgress }) };
  } catch (error) {
    // The earlier backup is damaged or gone: begin anew with a full one.
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof Problem;
    if (since === undefined || !isGone) throw error;
    return await write(deps, schedule, begun, undefined);
  }
}

/** Throws `Problem` `incomplete` if the newest chain cannot be restored. */
async function verify({ folder, verify: check }: Schedule): Promise<void> {
  const chain = (await keptChains(folder)).at(-1);
  const [full] = chain?.paths ?? [];
  if (chain === undefined || full === undefined) return;
  const fault = await check(chain.paths);
  if (fault !== null) throw new Problem('incomplete', `${full} cannot be verified: ${fault}`);
  await writeFile(markOf(full), '', { mode: 0o600 });
}
