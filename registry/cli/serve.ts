/** The command `registry serve`: opens the data folder, starts the server, and stops it gracefully after a signal. */

import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import closeWithGrace from 'close-with-grace';
import type { FastifyBaseLogger } from 'fastify';
import { withLock } from '../../repos/lock.ts';
import { createApp } from '../app.ts';
import type { Config } from '../config.ts';
import { dataPaths } from '../data-paths.ts';
import { sessionSecret } from '../keys.ts';
import { loggerOptions } from '../logging.ts';
import { type Deps, openDeps } from '../open.ts';
import type { Repairs } from '../plugins/metrics.ts';
import { isInterfaceBuilt } from '../routes/interface.ts';
import { type Agreement, agree } from '../services/repair/agreement.ts';
import { attestOnce } from '../services/repair/attest.ts';
import { fillContents } from '../services/repair/fill-contents.ts';
import { type RepairReport, repair } from '../services/repair/repair.ts';
import { watchRepairs } from '../services/repair/watch.ts';
import { landBuiltins } from '../services/start/builtins.ts';
import { createFirstAdmin } from '../services/start/first-start.ts';
import type { SingleSignOn } from '../single-sign-on.ts';
import { Coalesced } from '../store/coalesced.ts';
import type { EmbeddedDatabase } from '../store/embedded/open.ts';
import { hasUsers, sharingAddresses } from '../store/users.ts';
import { ownVersion } from '../version.ts';
import { backupState } from './backup-notes.ts';
import { serveCommands } from './control.ts';
import { greeting } from './greeting.ts';
import { keepBackups } from './scheduled-backups.ts';
import { growHeapSlowly } from './small-heap.ts';
import { localTerminal } from './terminal.ts';

/** How long a start waits for another process that sets the registry up, in milliseconds. */
const LONGEST_START = 600_000;

/** How long running requests may still take after SIGTERM, in milliseconds. */
const GRACE = 30_000;

/**
 * Serves until a signal ends the process. If the start fails, closes everything that it opened.
 * @param embedded the embedded database, which may still be opening; undefined if a database server is configured
 */
export async function serve(
  config: Config,
  singleSignOn: SingleSignOn | null,
  embedded?: EmbeddedDatabase,
): Promise<void> {
  const opened = new AsyncDisposableStack();
  try {
    await start(config, singleSignOn, embedded, opened);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

async function start(
  config: Config,
  singleSignOn: SingleSignOn | null,
  embedded: EmbeddedDatabase | undefined,
  opened: AsyncDisposableStack,
): Promise<void> {
  const paths = dataPaths(config.DATA_DIR);
  let port = config.PORT;
  const publicUrl = () =>
    (config.PUBLIC_URL ?? `http://${bracketed(config.HOST)}:${port}`).replace(/\/$/, '');
  const deps = await openDeps(config, publicUrl, { embedded, migrates: false });
  opened.defer(() => deps.close());
  // The app is created while the database still opens in another thread.
  const migrated = deps.store.migrate();
  const ended = migrated.catch(() => undefined);
  // A start that fails meanwhile closes the database only when the migration has ended.
  opened.defer(async () => void (await ended));
  let ready = false;
  let agreement: Agreement | undefined;
  const repairs: Repairs = { repaired: 0, failed: 0 };
  await deps.signingKeys.check();
  const secret = await sessionSecret(paths.keys);
  const app = await createApp(
    {
      ...deps,
      jwtSecret: config.JWT_SECRET ?? secret.text,
      version: await ownVersion(),
      trustedProxies: config.TRUSTED_PROXIES,
      metricsToken: config.METRICS_TOKEN,
      singleSignOn,
      isReady: () => ready,
      backups: () => backupState(paths),
      differences: async () => (await agreement?.differences()) ?? [],
      repairs,
    },
    loggerOptions(config),
  );
  opened.defer(() => app.close());
  await app.ready();
  await migrated;
  const sharing = await sharingAddresses(deps.store.em());
  if (sharing.length > 0) {
    app.log.warn(
      { accounts: sharing },
      'several accounts have the same email address; change it for all but one',
    );
  }
  const alone = <T>(work: () => Promise<T>) =>
    withLock(deps.leases, join(paths.leases, 'start.lock'), work, { wait: LONGEST_START });
  const found = await alone(() => agree(deps));
  agreement = found;
  opened.defer(keepMark(deps, found, app.log));
  await deps.leases.endStale();
  const noteRepairs = (report: RepairReport & { ended?: number }) => {
    repairs.repaired += report.repaired.length;
    repairs.failed += report.failed.length;
    logRepairs(app.log, report);
  };
  noteRepairs(await repair(deps));
  const watch = watchRepairs(deps, noteRepairs, (err) =>
    app.log.warn({ err }, 'cannot look for interrupted changes'),
  );
  opened.defer(() => watch.close());
  const old = await attestOnce(deps);
  if (old.attested.length > 0) app.log.info({ definitions: old.attested }, 'old versions attested');
  for (const { name, error } of old.failed) {
    app.log.error({ err: error, definition: name }, 'cannot be attested; run: registry fsck');
  }
  // The socket for commands is needed only for the embedded database: with a database server, commands run in their own
  // processes.
  if (deps.store.embedded) {
    const commands = await serveCommands(paths.socket, async (request, terminal) => {
      const { runCommand } = await import('./commands.ts');
      return await runCommand(deps, request, terminal);
    });
    // Closing waits for commands that are running.
    opened.defer(() => new Promise((resolve) => commands.close(() => resolve())));
  }
  if (secret.isNew && config.JWT_SECRET === undefined && (await hasUsers(deps.store.em()))) {
    app.log.warn(
      'keys/session-secret was missing: a new one was made, and everybody must sign in again',
    );
  }
  if (deps.openToOthers.length > 0) {
    app.log.warn(
      { paths: deps.openToOthers },
      'other accounts of this machine can read these files',
    );
  }
  await app.listen({ host: config.HOST, port: config.PORT });
  ({ port } = app.server.address() as AddressInfo);
  const grace = closeWithGrace({ delay: GRACE, logger: app.log }, async ({ err }) => {
    if (err) app.log.fatal({ err }, 'stopping after an error');
    ready = false;
    await opened.disposeAsync();
  });
  // If the start fails, `run.ts` decides the exit code. The package would end the process with 0.
  opened.defer(() => grace.uninstall());
  const terminal = await localTerminal();
  // Several processes may start at once. The first process sets the registry up while the others wait.
  const { first, landed, skipped } = await alone(async () => {
    const withToken = Boolean(process.stdout.isTTY);
    const first = await createFirstAdmin(deps, config, { withToken });
    const differences = await found.differences();
    for (const { name, problem } of differences) app.log.error({ definition: name }, problem);
    // A built-in definition whose repository is missing cannot be renewed.
    if (differences.length > 0) return { first, landed: [], skipped: [] };
    const builtins = await landBuiltins(deps, (done, total) => {
      if (first) terminal.progress(done, total, 'Importing built-in definitions');
    });
    return { first, ...builtins };
  });
  if (landed.length > 0) app.log.info({ definitions: landed }, 'built-in definitions landed');
  if (skipped.length > 0)
    app.log.warn({ skipped }, 'skipped built-in definitions because their names are taken');
  if (!isInterfaceBuilt()) app.log.warn('the web interface is not built; run: npm run build');
  ready = true;
  growHeapSlowly();
  app.log.info({ url: publicUrl() }, 'ready');
  opened.defer(fillBeside(deps, app.log));
  opened.defer(keepBackups(deps, app.log));
  if (first || config.PORT === 0) {
    for (const line of greeting(publicUrl(), first)) terminal.out(line);
  }
}

/** In milliseconds. A database that is set back by less than this is noticed only if it lacks a definition. */
const MARK_EVERY = 1000;

/** Keeps the mark of the repositories up to date. Returns a function that writes it for the last time. */
function keepMark(deps: Deps, agreement: Agreement, log: FastifyBaseLogger): () => Promise<void> {
  let seen = -1;
  // Never twice at once: the mark is written to one temporary file first.
  const keeping = new Coalesced(async () => {
    await agreement.keep().catch((err) => log.warn({ err }, 'the mark cannot be written'));
  });
  const timer = setInterval(() => {
    if (deps.store.changes === seen) return;
    seen = deps.store.changes;
    void keeping.run();
  }, MARK_EVERY).unref();
  return async () => {
    clearInterval(timer);
    await keeping.run();
  };
}

function logRepairs(
  log: FastifyBaseLogger,
  { repaired, failed, ended }: RepairReport & { ended?: number },
) {
  if (ended)
    log.warn({ processes: ended }, 'other processes of the registry have ended or stopped');
  if (repaired.length > 0) log.warn({ repaired }, 'repaired after a crash');
  for (const { name, error } of failed) {
    log.error({ err: error, definition: name }, 'cannot be repaired; run: registry fsck');
  }
}

/**
 * Indexes contents of old versions in the background. Returns a function that stops the indexing and waits for its end.
 */
function fillBeside(deps: Deps, log: FastifyBaseLogger): () => Promise<void> {
  const stop = new AbortController();
  const filling = fillContents(deps, stop.signal).then(
    ({ filled, failed }) => {
      if (filled > 0) log.info({ versions: filled }, 'contents of versions indexed');
      for (const { name, error } of failed) {
        log.error({ err: error, definition: name }, 'cannot be read; run: registry fsck');
      }
    },
    (err) => log.warn({ err }, 'contents of versions could not be indexed'),
  );
  return async () => {
    stop.abort();
    await filling;
  };
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);
