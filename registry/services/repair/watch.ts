/**
 * Repairs while the server runs: what failed landings of this process left, and what other processes left that have ended
 * or stopped (docs/decisions/0045-landings-that-always-end.md).
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Leases } from '../../../repos/leases.ts';
import { sweepLocks } from '../../../repos/lock.ts';
import type { LandingDeps } from '../deps.ts';
import { type RepairReport, repair } from './repair.ts';

/** The time between two looks, in milliseconds. */
const LOOK_EVERY = 1000;
/** After a failed repair, the time until the next attempt for the same definition doubles up to this. */
const LONGEST_WAIT = 60_000;

interface WatchDeps extends LandingDeps {
  leases: Leases;
  keysFolder: string;
}

export interface WatchReport extends RepairReport {
  /** How many processes of the registry have ended or stopped since the last report. */
  ended: number;
}

export interface Watch {
  /** Stops, and waits for a running repair. */
  close(): Promise<void>;
}

/** Looks every second. `onReport` gets what was done, and `onError` errors of the database or the file system. */
export function watchRepairs(
  deps: WatchDeps,
  onReport: (report: WatchReport) => void,
  onError: (error: unknown) => void,
): Watch {
  const stop = new AbortController();
  const retries = new Map<string, { wait: number; at: number }>();

  async function look(): Promise<void> {
    const ended = await endPeers(deps);
    const now = performance.now();
    const report = await repair(deps, (name) => (retries.get(name)?.at ?? 0) <= now);
    for (const { name } of report.failed) {
      const wait = Math.min(2 * (retries.get(name)?.wait ?? LOOK_EVERY / 2), LONGEST_WAIT);
      retries.set(name, { wait, at: now + wait });
    }
    for (const [name, { at }] of retries) if (at <= now) retries.delete(name);
    if (ended.length + report.repaired.length + report.failed.length === 0) return;
    onReport({ ...report, ended: ended.length });
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      await look().catch(onError);
      await pause(LOOK_EVERY, undefined, { signal: stop.signal, ref: false }).catch(
        () => undefined,
      );
    }
  }

  const running = run();
  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}

/**
 * Ends the leases of processes that have ended or stopped. First fences them off from git, then ends their sessions of the
 * database: as long as they could move refs, they also keep the locks under which they decided.
 */
async function endPeers({ leases, repositories, store, keysFolder }: WatchDeps): Promise<string[]> {
  const ended = await leases.endStale();
  await repositories.takeOverEntries();
  for (const folder of [leases.folder, keysFolder]) await sweepLocks(leases, folder);
  await store.endSessions(ended);
  return ended;
}
