/** Starts a whole registry with people in this process, on a free port. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import root, { type Test } from 'tap';
import { createClient, type RegistryClient } from '../../client/typescript/client.ts';
import { AnalysisPool } from '../../registry/analysis/pool.ts';
import { createApp } from '../../registry/app.ts';
import { loadConfig } from '../../registry/config.ts';
import { type Deps, openDeps } from '../../registry/open.ts';
import { OPERATOR } from '../../registry/services/caller.ts';
import { insertToken } from '../../registry/services/people/tokens.ts';
import { createUser } from '../../registry/services/people/users.ts';
import { singleSignOnOf } from '../../registry/single-sign-on.ts';
import { ownVersion } from '../../registry/version.ts';
import { freshDatabase } from './databases.ts';
import { putDatabase } from './embedded-folders.ts';
import { fsckAll } from './git.ts';
import { once } from './once.ts';
import { SHARED_SERVER } from './postgres-server.ts';

export type DatabaseKind = 'PGlite' | 'PostgreSQL';

/** The default database is the one that starts faster. */
const AT_HAND: DatabaseKind = process.env[SHARED_SERVER] ? 'PostgreSQL' : 'PGlite';

/**
 * The databases for tests of rules that do not depend on the database. Normally only the default database is used; `npm
 * run databases` uses both.
 */
export const DATABASES: readonly DatabaseKind[] = process.env.EVERY_DATABASE
  ? ['PGlite', 'PostgreSQL']
  : [AT_HAND];

export interface Person {
  id: number;
  username: string;
  token: string;
  client: RegistryClient;
}

export interface TestRegistry {
  url: string;
  server: Server;
  deps: Deps;
  dataDir: string;
  /**
   * The settings for another process that serves the same registry. A second process works only on PostgreSQL, because
   * the embedded database allows one process.
   */
  settings: Record<string, string>;
  /** A site admin. */
  admin: Person;
  /** Creates an account with an `admin` token. */
  person(username: string, options?: { isAdmin?: boolean }): Promise<Person>;
  /** The clone URL of a definition. It contains the token. */
  gitUrl(name: string, token?: string): string;
  anonymous: RegistryClient;
}

/** Starts a registry. When the test ends, the registry is stopped, checked with `git fsck` and deleted. */
export async function startRegistry(
  t: Test,
  options: {
    database?: DatabaseKind;
    /** The address of a database, instead of a new one. */
    databaseUrl?: string;
    environment?: Record<string, string>;
    now?: () => number;
    heartbeat?: number;
    patience?: number;
    /** Is called with each SQL statement. */
    debug?: (sql: string) => void;
  } = {},
): Promise<TestRegistry> {
  const dataDir = await mkdtemp(join(tmpdir(), 'registry-'));
  const kept = options.databaseUrl
    ? { DATABASE_URL: options.databaseUrl }
    : await database(options.database ?? AT_HAND, dataDir);
  const settings = { ...options.environment, ...kept, DATA_DIR: dataDir };
  const config = loadConfig(settings);
  let url = '';
  const opened = await openDeps(config, () => config.PUBLIC_URL ?? url, {
    debug: options.debug,
  });
  const deps = { ...opened, analysis: sharedAnalysis() };
  const app = await createApp(
    {
      ...deps,
      jwtSecret: 'x'.repeat(32),
      version: await ownVersion(),
      trustedProxies: config.TRUSTED_PROXIES,
      metricsToken: config.METRICS_TOKEN,
      singleSignOn: singleSignOnOf(config),
      isReady: () => true,
      ...(options.now && { now: options.now }),
      ...(options.heartbeat && { heartbeat: options.heartbeat }),
      ...(options.patience && { patience: options.patience }),
    },
    false,
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

  t.teardown(async () => {
    await app.close();
    await deps.close();
    await fsckAll(join(dataDir, 'repos'));
    await rm(dataDir, { recursive: true, force: true });
  });

  async function person(username: string, { isAdmin = false } = {}): Promise<Person> {
    const user = await createUser(deps, OPERATOR, {
      username,
      password: `password of ${username}`,
      name: username[0]?.toUpperCase() + username.slice(1),
      email: `${username}@lab.example`,
      is_admin: isAdmin,
    });
    const { token } = await insertToken(deps, OPERATOR, user.id, { name: 'test', scope: 'admin' });
    return { id: user.id, username, token, client: createClient({ url, token }) };
  }

  return {
    url,
    server: app.server,
    deps,
    dataDir,
    settings,
    admin: await person('root', { isAdmin: true }),
    person,
    anonymous: createClient({ url }),
    gitUrl(name, token) {
      const address = new URL(`${url}/definitions/${name}.git`);
      if (token !== undefined) {
        address.username = 'git';
        address.password = token;
      }
      return address.href;
    },
  };
}

/** All registries of a process share the analysis workers, because these take half a second of CPU time to start. */
const sharedAnalysis = once(() => {
  const analysis = new AnalysisPool();
  root.teardown(() => analysis.close());
  return analysis;
});

async function database(kind: DatabaseKind, dataDir: string): Promise<Record<string, string>> {
  if (kind === 'PostgreSQL') return { DATABASE_URL: (await freshDatabase(true)).databaseUrl };
  await putDatabase(dataDir);
  return {};
}

/** The source of a valid measurement. `value` distinguishes its versions. */
export function measurement(name: string, value = 1): string {
  return `import numpy as np

from pybirch.Instruments.base import FakeMeasurementInstrument


class ${name}(FakeMeasurementInstrument):
    """Measures a constant, in volts."""

    def __init__(self, name="${name}"):
        super().__init__(name)
        self.data_columns = np.array(["value"])
        self.data_units = np.array(["V"])

    def _perform_measurement_impl(self):
        return np.array([[${value}.0]])
`;
}
