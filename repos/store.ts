/** Manages all repositories: a folder with one bare repository for each definition. */

import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';

import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';

import { join, resolve } from 'node:path';
import { MAIN } from '../text/refs.ts';
import { adoptObjects } from './bundle.ts';
import { sync, writeSynced } from './durable.ts';
import { RepositoryError } from './errors.ts';
import { Journal } from './journal.ts';
import { sweep } from './leftovers.ts';
import { withLock } from './lock.ts';
import { formatPackedRefs } from './packed-refs.ts';
import { BareRepository, type RepositoryDeps } from './repository.ts';
import type { Hold, RefUpdate, Repositories } from './types.ts';
import { Upkeep } from './upkeep.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
/** The folder in which repositories are prepared and deleted. No repository can have the name of this folder. */
const WORKSHOP = '.workshop';
/** What the registry notes about the folder. A folder of its own, so that a note does not change the folder's time. */
export const REGISTRY = '.registry';
/** The stamp of the folder when it was last compared with the database or changed by a registry. */
const TRUSTED = 'trusted';
/** As many bytes as a small landing writes. A full file system may still have room for an empty file. */
const TRIAL = Buffer.alloc(16 * 1024, 1);

/**
 * The configuration of a bare repository (gitrepository-layout(5)). Git checks pushed objects, allows partial clones, and
 * never packs by itself: only `maintain` packs.
 */
const CONFIG = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = false
[receive]
\tfsckObjects = true
[uploadpack]
\tallowFilter = true
[gc]
\tauto = 0
`;
const FILES = {
  HEAD: `ref: ${MAIN}\n`,
  config: CONFIG,
  'packed-refs': formatPackedRefs(new Map()),
};
const FOLDERS = ['objects', 'objects/info', 'objects/pack', 'refs', 'refs/heads', 'refs/tags'];

/** Opens the folder of repositories and the journal, and creates them if they are missing. */
export async function openRepositories(
  options: {
    root: string;
    journal: string;
  } & Pick<RepositoryDeps, 'git' | 'caches'> &
    Partial<Pick<RepositoryDeps, 'sign'>>,
): Promise<Repositories> {
  const root = resolve(options.root);
  await mkdir(join(root, WORKSHOP), { recursive: true });
  await mkdir(join(root, REGISTRY), { recursive: true });
  await sweep(join(root, WORKSHOP));
  const isJournalNew = !existsSync(resolve(options.journal));
  const journal = await Journal.open(resolve(options.journal));
  const { git, caches, sign } = options;
  return new RepositoryFolder(root, journal, isJournalNew, {
    git,
    caches,
    sign,
    upkeep: new Upkeep(),
  });
}

class RepositoryFolder implements Repositories {
  readonly root: string;
  readonly isJournalNew: boolean;
  readonly #journal: Journal;
  readonly #deps: RepositoryDeps;
  readonly #open = new Map<string, BareRepository>();
  /** The names in use, in lower case, and the folder's modification time when the names were read. */
  #taken: { names: Set<string>; mtime: bigint } | undefined;
  #making: Promise<unknown> = Promise.resolve();

  constructor(root: string, journal: Journal, isJournalNew: boolean, deps: RepositoryDeps) {
    this.root = root;
    this.#journal = journal;
    this.isJournalNew = isJournalNew;
    this.#deps = deps;
  }

  #path(name: string): string {
    return join(this.root, `${name}.git`);
  }

  async list(): Promise<string[]> {
    const names = (await readdir(this.root))
      .filter((file) => file.endsWith('.git'))
      .map((file) => file.slice(0, -'.git'.length));
    return names.filter((name) => NAME.test(name)).sort();
  }

  async tryWrite(): Promise<void> {
    const path = join(this.root, WORKSHOP, `trial-${randomUUID()}`);
    try {
      await writeFile(path, TRIAL);
    } finally {
      await rm(path, { force: true });
    }
  }

  async exists(name: string): Promise<boolean> {
    return NAME.test(name) && existsSync(this.#path(name));
  }

  async open(name: string): Promise<BareRepository> {
    if (!(await this.exists(name))) {
      this.#open.delete(name);
      throw new RepositoryError('repository_not_found', `there is no repository ${name}`);
    }
    let repository = this.#open.get(name);
    if (repository === undefined) {
      repository = new BareRepository(name, this.#path(name), this.#deps);
      this.#open.set(name, repository);
    }
    return repository;
  }

  opened(name: string): BareRepository | undefined {
    return this.#open.get(name);
  }

  release(name: string): void {
    this.#open.get(name)?.forget();
    this.#open.delete(name);
  }

  /** Only one process creates a repository at a time, so no other creation can take the name after it was checked. */
  async create(name: string): Promise<BareRepository> {
    if (!NAME.test(name)) {
      throw new RepositoryError('bad_name', `${JSON.stringify(name)} cannot name a repository`);
    }
    const lock = join(this.root, WORKSHOP, 'names.lock');
    const turn = this.#making.then(() => withLock(lock, () => this.#create(name)));
    this.#making = turn.catch(() => undefined);
    await turn;
    return this.open(name);
  }

  async adopt(name: string, ...bundles: AsyncIterable<Buffer>[]): Promise<BareRepository> {
    const repository = await this.create(name);
    try {
      let refs: RefUpdate[] = [];
      for (const bundle of bundles) {
        refs = await adoptObjects(this.#deps.git, repository.path, bundle);
      }
      await repository.updateRefs(refs);
    } catch (error) {
      await this.remove(name);
      throw error;
    }
    return repository;
  }

  async #create(name: string): Promise<void> {
    const taken = await this.#takenNames();
    if (taken.has(name.toLowerCase())) exists(name);
    const draft = await mkdtemp(join(this.root, WORKSHOP, `${name}-`));
    try {
      await layOut(draft);
      await this.#alter(() => rename(draft, this.#path(name)));
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      // Another process has created the repository. A rename does not replace a folder that is not empty.
      if ((error as NodeJS.ErrnoException).code === 'ENOTEMPTY') exists(name);
      throw error;
    }
    await sync(this.root);
    taken.add(name.toLowerCase());
    this.#taken = { names: taken, mtime: await this.#mtime() };
  }

  /** Lists the folder only if another process has changed it: an import creates thousands of repositories. */
  async #takenNames(): Promise<Set<string>> {
    const mtime = await this.#mtime();
    if (this.#taken?.mtime !== mtime) {
      this.#taken = { names: new Set((await this.list()).map((n) => n.toLowerCase())), mtime };
    }
    return this.#taken.names;
  }

  async #mtime(): Promise<bigint> {
    return (await stat(this.root, { bigint: true })).mtimeNs;
  }

  /**
   * Moves the repository away with one rename, then deletes it. After a crash in between, a later start deletes the
   * moved repository.
   */
  async remove(name: string): Promise<void> {
    const repository = await this.open(name);
    const grave = await mkdtemp(join(this.root, WORKSHOP, `${name}-`));
    await withLock(join(this.root, WORKSHOP, 'names.lock'), () =>
      this.#alter(() => rename(this.#path(name), join(grave, 'removed'))),
    );
    await sync(this.root);
    this.#open.delete(name);
    repository.forget();
    await rm(grave, { recursive: true, force: true });
  }

  /** Changes the folder. It stays `isUntouched` if it was before. The caller holds the lock of the names. */
  async #alter(change: () => Promise<void>): Promise<void> {
    const isUntouched = await this.isUntouched();
    await change();
    if (isUntouched) await this.trust(await this.stamp());
  }

  async stamp(): Promise<string> {
    const { ino, mtimeNs } = await stat(this.root, { bigint: true });
    return `${ino}-${mtimeNs}`;
  }

  async trust(stamp: string): Promise<void> {
    await writeFile(join(this.root, REGISTRY, TRUSTED), stamp);
  }

  async isUntouched(): Promise<boolean> {
    const path = join(this.root, REGISTRY, TRUSTED);
    const trusted = await readFile(path, 'utf8').catch(() => undefined);
    return trusted === (await this.stamp());
  }

  addJournalEntry(name: string): Promise<void> {
    return this.#journal.add(name);
  }

  hold(patience?: number): Promise<Hold> {
    return this.#journal.hold(patience);
  }

  removeJournalEntry(name: string): Promise<void> {
    return this.#journal.remove(name);
  }

  journaled(): Promise<string[]> {
    return this.#journal.list();
  }

  abandonedEntries(): Promise<string[]> {
    return this.#journal.listAbandoned();
  }

  dropJournalEntry(name: string): Promise<void> {
    return this.#journal.removeAbandoned(name);
  }

  async close(): Promise<void> {
    await this.#making;
    await this.#deps.upkeep.close();
    this.#open.clear();
  }
}

function exists(name: string): never {
  throw new RepositoryError('repository_exists', `the name ${name} is taken`);
}

async function layOut(path: string): Promise<void> {
  for (const folder of FOLDERS) await mkdir(join(path, folder));
  const files = Object.entries(FILES).map(([file, text]) => writeSynced(join(path, file), text));
  await Promise.all(files);
  await Promise.all(['.', ...FOLDERS].map((folder) => sync(join(path, folder))));
}
