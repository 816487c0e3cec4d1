/** Faults other than the death of the registry: of the database, of the connection to it, and of system calls. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openStore } from '../../registry/store/open.ts';
import type { Server } from '../helpers/command.ts';
import type { PostgresServer } from '../helpers/postgres-server.ts';
import type { TcpProxy } from '../helpers/tcp-proxy.ts';

/** What a fault acts on. */
export interface Victim {
  server: Server;
  postgres: PostgresServer;
  databaseUrl: string;
  proxy: TcpProxy;
  /** Resolves after this many more answers to clients. */
  answers(count: number): Promise<void>;
}

/** Disturbs the registry while clients change it. On return, the fault is over. */
export type Fault = (victim: Victim) => Promise<void>;

/** Ends all sessions of the registry, again and again. */
const sessionsEnded: Fault = async ({ databaseUrl, answers }) => {
  const store = await openStore({ databaseUrl });
  try {
    for (let n = 0; n < 5; n++) {
      await answers(2);
      await store.em().execute(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`);
    }
  } finally {
    await store.close();
  }
};

const connectionsCut: Fault = async ({ proxy, answers }) => {
  for (let n = 0; n < 5; n++) {
    await answers(2);
    proxy.cut();
  }
};

/** Kills PostgreSQL. The test server starts again by itself, and recovers from its log. */
const postgresKilled: Fault = async ({ postgres, answers }) => {
  await answers(3);
  await postgres.kill();
};

/** Lets system calls of the registry fail (strace(1), "Tampering"). */
const failing =
  (calls: string, error: string, when: string): Fault =>
  async ({ server, answers }) => {
    const inject = [`trace=${calls}`, `inject=${calls}:error=${error}:when=${when}`];
    const args = ['-f', '-o', '/dev/null', ...inject.flatMap((one) => ['-e', one])];
    const strace = spawn('strace', [...args, '-p', `${server.pid}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await once(strace.stderr, 'data');
    await answers(12);
    strace.kill('SIGINT');
    await once(strace, 'exit');
  };

/** Needs a PostgreSQL server. */
export const OF_DATABASE: Record<string, Fault> = {
  'its sessions are ended': sessionsEnded,
  'its connections are cut': connectionsCut,
  'PostgreSQL is killed': postgresKilled,
};
/** Needs strace. */
export const OF_CALLS: Record<string, Fault> = {
  'fsync fails with EIO': failing('fsync', 'EIO', '5+9'),
  'rename fails with EIO': failing('rename', 'EIO', '3+7'),
  'mkdir fails with EIO': failing('mkdir', 'EIO', '3+7'),
  'openat fails with EMFILE': failing('openat', 'EMFILE', '20+15'),
};
