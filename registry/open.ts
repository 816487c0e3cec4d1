/** Opens everything under DATA_DIR that the service and the command line work with. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openGitProgram } from '../repos/process.ts';
import { openRepositories } from '../repos/store.ts';
import type { GitProgram, Repositories } from '../repos/types.ts';
import type { Rules } from './access/decide.ts';
import type { Config } from './config.ts';
import { openSigningKeys, type SigningKeys } from './signing/keys.ts';
import { openStore, type Store } from './store/open.ts';

export interface Rooms {
  store: Store;
  repositories: Repositories;
  git: GitProgram;
  signingKeys: SigningKeys;
  rules: Rules;
  publicUrl: () => string;
  maxFileBytes: number;
  maxPackBytes: number;
  close(): Promise<void>;
}

/** Paths of what lies in the data folder. */
export function dataPaths(dataDir: string) {
  const root = resolve(dataDir);
  return {
    root,
    repositories: join(root, 'repos'),
    journal: join(root, 'journal'),
    database: join(root, 'postgres'),
    keys: join(root, 'keys'),
    socket: join(root, 'registry.sock'),
  };
}

/**
 * Opens git, the repositories and the database, and migrates it. Throws `StoreError`
 * (`database_in_use`, `database_unavailable`). Whatever was opened is closed again when a later part fails.
 */
export async function openRooms(config: Config, publicUrl: () => string): Promise<Rooms> {
  await mkdir(dataPaths(config.DATA_DIR).root, { recursive: true });
  const opened = new AsyncDisposableStack();
  try {
    return await openInto(opened, config, publicUrl);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

async function openInto(
  opened: AsyncDisposableStack,
  config: Config,
  publicUrl: () => string,
): Promise<Rooms> {
  const paths = dataPaths(config.DATA_DIR);
  const [git, store] = await together(
    openGitProgram().then((git) => {
      opened.defer(() => git.close());
      return git;
    }),
    openStore(
      config.DATABASE_URL ? { databaseUrl: config.DATABASE_URL } : { folder: paths.database },
    ).then(async (store) => {
      opened.defer(() => store.close());
      await store.migrate();
      return store;
    }),
  );
  const signingKeys = openSigningKeys(paths.keys);
  const repositories = await openRepositories({
    root: paths.repositories,
    journal: paths.journal,
    git,
    sign: signingKeys.sign,
  });
  opened.defer(() => repositories.close());
  return {
    store,
    repositories,
    git,
    signingKeys,
    rules: { anonymousRead: config.ANONYMOUS_READ },
    publicUrl,
    maxFileBytes: config.MAX_FILE_BYTES,
    maxPackBytes: config.MAX_PACK_BYTES,
    close: () => opened.disposeAsync(),
  };
}

/** Both at once. A failure is told when both have ended, so that nothing is opened after the clearing away. */
async function together<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return await Promise.all([a, b]);
}
