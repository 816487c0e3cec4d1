/** Opens the parts that the server and the command line need: git, the repositories, the database and the keys. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Caches } from '../repos/caches.ts';
import { type GitCaches, openGitCaches } from '../repos/git-caches.ts';
import { type Leases, openLeases } from '../repos/leases.ts';
import { openGitProgram } from '../repos/process.ts';
import { openRepositories } from '../repos/store.ts';
import type { GitProgram, Repositories } from '../repos/types.ts';
import type { Rules } from './access/decide.ts';
import { AnalysisPool } from './analysis/pool.ts';
import { CACHE_SHARES } from './cache-shares.ts';
import type { Config } from './config.ts';
import { namesIn } from './data-folder.ts';
import { dataPaths } from './data-paths.ts';
import { readIfThere } from './keys.ts';
import { openDataFolder } from './private-files.ts';
import { openSigningKeys, type SigningKeys } from './signing/keys.ts';
import type { EmbeddedDatabase } from './store/embedded/open.ts';
import { openStore, type Store } from './store/open.ts';

export interface Deps {
  config: Config;
  leases: Leases;
  store: Store;
  repositories: Repositories;
  git: GitProgram;
  caches: Caches;
  gitCaches: GitCaches;
  signingKeys: SigningKeys;
  analysis: AnalysisPool;
  /** The folder with all keys. */
  keysFolder: string;
  /** The note of a restore that is running or did not finish. */
  restoreNote: string;
  rules: Rules;
  publicUrl: () => string;
  maxFileBytes: number;
  maxPackBytes: number;
  /**
   * Paths in the data folder that other accounts of this machine can read. These paths belong to another account, so
   * this process cannot change their permissions.
   */
  openToOthers: string[];
  close(): Promise<void>;
}

export interface OpenOptions {
  /** An embedded database that is already opening. */
  embedded?: EmbeddedDatabase | undefined;
  /** Whether to migrate the database; true by default. */
  migrates?: boolean;
  /** Whether the process runs a single command. In a server, requests have precedence over analyses of definitions. */
  isCommand?: boolean;
  /** Called with each SQL statement. */
  debug?: ((sql: string) => void) | undefined;
}

/**
 * Opens all parts. If a part cannot be opened, closes the parts that are already open. Throws `StoreError`
 * (`database_in_use`, `database_unavailable`).
 */
export async function openDeps(
  config: Config,
  publicUrl: () => string,
  options: OpenOptions = {},
): Promise<Deps> {
  const openToOthers = await openDataFolder(dataPaths(config.DATA_DIR).root);
  const opened = new AsyncDisposableStack();
  try {
    const deps = await openInto(opened, config, publicUrl, options);
    return { ...deps, openToOthers };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

async function openInto(
  opened: AsyncDisposableStack,
  config: Config,
  publicUrl: () => string,
  { embedded, migrates = true, isCommand = false, debug }: OpenOptions,
): Promise<Omit<Deps, 'openToOthers'>> {
  const paths = dataPaths(config.DATA_DIR);
  const leases = await openLeases(paths.leases, paths.workshops);
  opened.defer(() => leases.close());
  const [git, store] = await settleBoth(
    openGitProgram().then((git) => {
      opened.defer(() => git.close());
      return git;
    }),
    openStore({
      databaseUrl: config.DATABASE_URL,
      folder: paths.database,
      process: leases.process,
      embedded,
      debug,
    }).then(async (store) => {
      opened.defer(() => store.close());
      if (migrates) await store.migrate();
      return store;
    }),
  );
  const signingKeys = openSigningKeys(paths.keys, leases, {
    mayBegin: await mayBeginKeys(paths),
  });
  const analysis = new AnalysisPool({ yields: !isCommand });
  opened.defer(() => analysis.close());
  const caches = new Caches(config.CACHE_BYTES, CACHE_SHARES);
  const gitCaches = openGitCaches(caches, { keepsAnswers: config.GIT_ANSWER_CACHE === 1 });
  const repositories = await openRepositories({
    root: paths.repositories,
    journal: paths.journal,
    leases,
    git,
    caches: gitCaches,
    sign: signingKeys.sign,
  });
  opened.defer(() => repositories.close());
  return {
    config,
    leases,
    store,
    repositories,
    git,
    caches,
    gitCaches,
    signingKeys,
    analysis,
    keysFolder: paths.keys,
    restoreNote: paths.restoring,
    rules: { anonymousRead: config.ANONYMOUS_READ },
    publicUrl,
    maxFileBytes: config.MAX_FILE_BYTES,
    maxPackBytes: config.MAX_PACK_BYTES,
    close: () => opened.disposeAsync(),
  };
}

/** Whether there are neither keys nor versions that keys have signed, so that the first keys can be made. */
async function mayBeginKeys({ keys, repositories }: ReturnType<typeof dataPaths>) {
  if (existsSync(join(keys, 'signing-keys.json'))) return false;
  for (const name of await namesIn(repositories)) {
    if (name.endsWith('.git') && (await holdsRefs(join(repositories, name)))) return false;
  }
  return true;
}

/** Also true if it cannot be read. */
async function holdsRefs(repository: string): Promise<boolean> {
  const refs = await readIfThere(join(repository, 'packed-refs'));
  return refs === undefined || refs.split('\n').some((line) => line !== '' && line[0] !== '#');
}

/**
 * Waits for both promises. Rejects only when both promises have settled, so that nothing is opened after the cleanup.
 */
async function settleBoth<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return await Promise.all([a, b]);
}
