/** Checks the database: whether it can be reached, its version, migrations, connections, durability and clock. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { migrations } from '../../../migrations/index.ts';
import { StoreError } from '../../store/errors.ts';
import type { Store } from '../../store/open.ts';
import { counted, type Finding, ok, problem, warning } from './finding.ts';

/** Milliseconds. Keys and statements are valid from a minute before they were made. */
const CLOCK_PROBLEM = 30_000;
const CLOCK_WARNING = 2000;
/** The oldest supported PostgreSQL. */
const LEAST_VERSION = 15;

export async function checkDatabase(store: Store): Promise<Finding[]> {
  try {
    await store.ping();
    const schema = await checkMigrations(store);
    if (store.embedded) return [ok('database', 'the embedded database is open'), schema];
    return [...(await checkServer(store)), schema];
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const advice =
      'Check DATABASE_URL and the log of the database server, and whether the server is running.';
    return [problem('database', `the database cannot be used: ${error.message}`, advice)];
  }
}

/** Checks an embedded database that no server has open. To open it would change its files. */
export async function checkClosedDatabase(
  folder: string,
  hasRepositories: boolean,
): Promise<Finding> {
  const restore = 'Restore a backup (docs/backup.md) before you start the registry.';
  const missing: string[] = [];
  for (const name of ['PG_VERSION', 'global/pg_control', 'pg_wal']) {
    if ((await stat(join(folder, name)).catch(() => undefined)) === undefined) missing.push(name);
  }
  if (missing.length < 3) {
    if (missing.length > 0)
      return problem('database', `the embedded database lacks ${missing.join(', ')}`, restore);
    const version = (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim();
    return ok(
      'database',
      `the embedded database has version ${version}. It is not in use, so it was not opened`,
    );
  }
  return hasRepositories
    ? problem('database', 'there are repositories, but no embedded database', restore)
    : ok('database', 'the first start creates the embedded database');
}

async function checkMigrations(store: Store): Promise<Finding> {
  const applied = await store.applied();
  const known = new Set(migrations.map(({ name }) => name));
  const newer = applied.filter((name) => !known.has(name));
  if (newer.length > 0) {
    const advice = 'Install the release that migrated the database, or a newer one.';
    return problem(
      'migrations',
      `a newer release has migrated the database: ${newer.join(', ')}`,
      advice,
    );
  }
  const pending = await store.pending();
  if (pending.length === 0)
    return ok('migrations', `the database has all ${applied.length} migrations`);
  if (applied.length === 0)
    return ok('migrations', 'the database is empty, and the first start fills it');
  const advice = 'Make a backup. Then start the registry, or run `registry migrate`.';
  return warning(
    'migrations',
    `the database lacks ${counted(pending.length, 'migration')}`,
    advice,
  );
}

interface Server {
  version: string;
  encoding: string;
  fsync: string;
  full_page_writes: string;
  recovering: boolean;
  connections: number;
  open: number;
  now: number;
}

async function checkServer(store: Store): Promise<Finding[]> {
  const before = Date.now();
  const [server] = await store.em().execute<[Server]>(
    `select current_setting('server_version') as version, current_setting('server_encoding') as encoding,
      current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
      pg_is_in_recovery() as recovering,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as connections,
      (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as open,
      extract(epoch from clock_timestamp())::float8 * 1000 as now`,
  );
  const after = Date.now();
  return [
    checkVersion(server),
    checkDurability(server),
    checkConnections(server, await poolOf(store)),
    checkClock(Math.max(before - server.now, server.now - after, 0), after > server.now),
  ];
}

function checkVersion({ version, encoding, recovering }: Server): Finding {
  if (Number.parseInt(version, 10) < LEAST_VERSION) {
    return problem(
      'database',
      `PostgreSQL ${version}`,
      `Upgrade to PostgreSQL ${LEAST_VERSION} or newer.`,
    );
  }
  if (recovering) {
    const advice = 'Set DATABASE_URL to the primary server.';
    return problem('database', 'the database server is a replica, which cannot be written', advice);
  }
  if (encoding !== 'UTF8') {
    return problem(
      'database',
      `the database has the encoding ${encoding}`,
      'Create the database with ENCODING UTF8.',
    );
  }
  return ok('database', `PostgreSQL ${version}`);
}

function checkDurability({ fsync, full_page_writes }: Server): Finding {
  const off = Object.entries({ fsync, full_page_writes }).filter(([, value]) => value === 'off');
  if (off.length === 0) return ok('durability', 'the database server syncs what it commits');
  const found = `${off.map(([name]) => name).join(' and ')} is off in the database server`;
  return warning(
    'durability',
    found,
    'Turn it on. Otherwise a power failure can destroy the database.',
  );
}

function checkConnections({ connections, open }: Server, pool: number): Finding {
  const found = `the server allows ${connections} connections, ${open} are open, and each process of the registry uses up to ${pool}`;
  const advice = `Raise max_connections in PostgreSQL to at least ${pool} for each process of the registry, plus the connections of commands and other programs.`;
  if (connections < pool) return problem('connections', found, advice);
  if (connections - open < pool) return warning('connections', found, advice);
  return ok('connections', found);
}

/** The size of the pool of connections. The driver (pg) has its own default. */
async function poolOf({ orm }: Store): Promise<number> {
  const pool = (await orm.em.getConnection().getNativeClient()) as { options: { max: number } };
  return pool.options.max;
}

function checkClock(difference: number, isAhead: boolean): Finding {
  const which = isAhead ? 'ahead of' : 'behind';
  const found = `the clock of this machine is ${Math.round(difference / 100) / 10} s ${which} the clock of the database server`;
  const advice =
    'Synchronize the clocks of both machines, for example with chrony or systemd-timesyncd.';
  if (difference > CLOCK_PROBLEM) return problem('clock', found, advice);
  if (difference > CLOCK_WARNING) return warning('clock', found, advice);
  return ok('clock', 'the clocks of this machine and of the database server agree');
}
