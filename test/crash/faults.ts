/**
 * Faults other than the death of the registry: of the database, of the connection to it, of system calls, of the disk and of
 * the clock.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { openStore } from '../../registry/store/open.ts';
import type { Server } from '../helpers/command.ts';
import { isThere } from '../helpers/is-there.ts';
import type { JumpingClock } from '../helpers/jumping-clock.ts';
import type { PostgresServer } from '../helpers/postgres-server.ts';
import type { DatabaseKind } from '../helpers/registry.ts';
import { noSmallDisk, type SmallDisk } from '../helpers/small-disk.ts';
import type { TcpProxy } from '../helpers/tcp-proxy.ts';

/** What a fault acts on. */
export interface Victim {
  server: Server;
  /** The data folder, as this process can reach it. */
  dataDir: string;
  /** The disk of the data folder. Undefined if this machine permits none. */
  disk: SmallDisk | undefined;
  clock: JumpingClock;
  /** The database server and what is between. Undefined with the embedded database. */
  remote: { postgres: PostgresServer; databaseUrl: string; proxy: TcpProxy } | undefined;
  /** Resolves after this many more answers to clients. */
  answers(count: number): Promise<void>;
}

/** Disturbs the registry while clients change it. On return, the fault is over. */
export interface Fault {
  disturb(victim: Victim, t: Test): Promise<void>;
  /** Which answers are wrong while it lasts, if not those that are always wrong. */
  wrong?: RegExp;
  /** Whether the fault needs a database server. */
  isRemote?: boolean;
  /** Whether it needs strace(1). */
  isTraced?: boolean;
  /** Whether it needs a disk of its own. */
  isOfDisk?: boolean;
}

type Remote = NonNullable<Victim['remote']>;

const ofServer = (disturb: (remote: Remote, victim: Victim) => Promise<void>): Fault => ({
  isRemote: true,
  disturb: async (victim) => disturb(victim.remote as Remote, victim),
});

/** Ends all sessions of the registry, again and again. */
const sessionsEnded = ofServer(async ({ databaseUrl }, { answers }) => {
  const store = await openStore({ databaseUrl });
  try {
    for (let n = 0; n < 4; n++) {
      await answers(2);
      await store.em().execute(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`);
    }
  } finally {
    await store.close();
  }
});

const connectionsCut = ofServer(async ({ proxy }, { answers }) => {
  for (let n = 0; n < 4; n++) {
    await answers(2);
    proxy.cut();
  }
});

/** Kills PostgreSQL. The test server starts again by itself, and recovers from its log. */
const postgresKilled = ofServer(async ({ postgres }, { answers }) => {
  await answers(3);
  await postgres.kill();
});

/** Lets system calls of a process fail (strace(1), "Tampering") until clients have this many more answers. */
async function failing(
  pid: number,
  inject: { calls: string; error: string; when: string; paths?: readonly string[] },
  meanwhile: () => Promise<void>,
): Promise<void> {
  const { calls, error, when, paths = [] } = inject;
  const options = [`trace=${calls}`, `inject=${calls}:error=${error}:when=${when}`];
  const args = [
    ...['-f', '-o', '/dev/null', '-p', `${pid}`],
    ...options.flatMap((one) => ['-e', one]),
    ...paths.flatMap((path) => ['-P', path]),
  ];
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  await once(strace.stderr, 'data');
  await meanwhile();
  strace.kill('SIGINT');
  await once(strace, 'exit');
}

const ofCalls = (calls: string, error: string, when: string, wrong?: RegExp): Fault => ({
  isTraced: true,
  ...(wrong && { wrong }),
  disturb: ({ server, answers }) => failing(server.pid, { calls, error, when }, () => answers(12)),
});

/** PostgreSQL ends when it cannot write its log, and recovers from the log when there is space again. */
const logFull: Fault = {
  isTraced: true,
  async disturb({ server, dataDir, remote, answers }) {
    const folder = remote?.postgres.data ?? join(dataDir, 'postgres');
    const names = (await readdir(join(folder, 'pg_wal'))).filter((name) =>
      /^[0-9A-F]{24}$/.test(name),
    );
    const paths = names.map((name) => join(folder, 'pg_wal', name));
    const pid = remote ? await mainProcess(folder) : server.pid;
    await failing(pid, { calls: 'pwrite64', error: 'ENOSPC', when: '3', paths }, () => answers(12));
  },
};

/** The number of PostgreSQL's main process. */
async function mainProcess(folder: string): Promise<number> {
  return Number((await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

const diskFull: Fault = {
  isOfDisk: true,
  async disturb({ server: { url }, disk, answers }, t) {
    await answers(3);
    await disk?.fill();
    await answers(10);
    const ready = await fetch(`${url}/readyz`);
    t.equal(ready.status, 503);
    t.match(await ready.json(), { detail: /disk .* is full/ });
    await disk?.empty();
  },
};

/**
 * Somebody sets the clock of the machine: hours forward, hours back to before the registry was made, and right again. No
 * request fails.
 */
const clockJumps: Fault = {
  wrong: /^(400|401|404|5)/,
  async disturb({ clock, answers }) {
    for (const hours of [7, -7, 0]) {
      await answers(2);
      clock.set(hours);
      await answers(6);
    }
  },
};

const FAULTS: Record<string, Fault> = {
  'its sessions of the database are ended': sessionsEnded,
  'its connections to the database are cut': connectionsCut,
  'PostgreSQL is killed': postgresKilled,
  'the disk is full': diskFull,
  'the disk of the log of the database is full': logFull,
  'the clock jumps': clockJumps,
  'fsync fails with EIO': ofCalls('fsync', 'EIO', '5+9'),
  'rename fails with EIO': ofCalls('rename', 'EIO', '3+7'),
  'mkdir fails with EIO': ofCalls('mkdir', 'EIO', '3+7'),
  'openat fails with EMFILE': ofCalls('openat', 'EMFILE', '20+15', /^(400|401|404)/),
};

/** Why faults of system calls are left out, or false. */
const noStrace = !(await isThere('strace', '-V')) && 'strace is not installed';

/** The faults for a database, and why some cannot be had on this machine. */
export function faultsFor(
  database: DatabaseKind,
  all = FAULTS,
): { faults: Record<string, Fault>; missing: string[] } {
  const missing = new Set<string>();
  const isPossible = ({ isRemote, isTraced, isOfDisk }: Fault): boolean => {
    if (isRemote && database === 'PGlite') return false;
    const why = (isTraced && noStrace) || (isOfDisk && noSmallDisk);
    if (why) missing.add(why);
    return !why;
  };
  const faults = Object.entries(all).filter(([, fault]) => isPossible(fault));
  return { faults: Object.fromEntries(faults), missing: [...missing] };
}
