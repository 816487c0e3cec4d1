/** Manages all repositories: a folder with one bare repository for each definition. */

import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MAIN } from '../text/refs.ts';
import { adoptObjects } from './bundle.ts';
import { sync, writeSynced } from './durable.ts';
import { RepositoryError } from './errors.ts';
import { Journal } from './journal.ts';
import { LEASE_ID, type Leases } from './leases.ts';
import { sweep } from './leftovers.ts';
import { sweepLocks, withLock } from './lock.ts';
import { formatPackedRefs } from './packed-refs.ts';
import { BareRepository, type RepositoryDeps } from './repository.ts';
import type {
  Hold,
  RefUpdate,
  Repair,
  Repositories,
  Repository,
  UnfinishedChange,
} from './types.ts';
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
    leases: Leases;
  } & Pick<RepositoryDeps, 'git' | 'caches'> &
    Partial<Pick<RepositoryDeps, 'sign'>>,
): Promise<Repositories> {
  const root = resolve(options.root);
  const workshop = join(root, WORKSHOP);
  await mkdir(workshop, { recursive: true });
  await mkdir(join(root, REGISTRY), { recursive: true });
  await sweep(workshop, LEASE_ID);
  const { git, caches, sign, leases } = options;
  const isJournalNew = !existsSync(resolve(options.journal));
  const journal = await Journal.open(resolve(options.journal), leases);
  const upkeep = new Upkeep();
  return new RepositoryFolder(root, isJournalNew, { git, caches, sign, upkeep, leases, journal });
}

class RepositoryFolder implements Repositories {
  readonly root: string;
  readonly isJournalNew: boolean;
  readonly #deps: RepositoryDeps;
  readonly #open = new Map<string, BareRepository>();
  /** The names in use, in lower case, and the folder's modification time when the names were read. */
  #taken: { names: Set<string>; mtime: bigint } | undefined;
  #making: Promise<unknown> = Promise.resolve();

  constructor(root: string, isJournalNew: boolean, deps: RepositoryDeps) {
    this.root = root;
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
    const path = join(this.root, WORKSHOP, `trial~${this.#deps.leases.id}~${randomUUID()}`);
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
    const turn = this.#making.then(() => this.#underNames(() => this.#create(name)));
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

  /** Runs `work` while no other process adds or removes repositories. */
  #underNames<T>(work: () => Promise<T>): Promise<T> {
    return withLock(this.#deps.leases, join(this.root, WORKSHOP, 'names.lock'), work);
  }

  async #create(name: string): Promise<void> {
    const taken = await this.#takenNames();
    if (taken.has(name.toLowerCase())) exists(name);
    // In the workshop: if another process ends the lease of this one, the draft is gone before the lock is broken.
    const draft = join(this.#deps.leases.workshop, `${name}-${randomUUID()}`);
    try {
      await mkdir(draft);
      await layOut(draft);
      await this.#alter(() => rename(draft, this.#path(name)));
    } catch (error) {
      // Another process has created the repository. A rename does not replace a folder that is not empty.
      await rm(draft, { recursive: true, force: true });
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOTEMPTY') exists(name);
      throw code === 'ENOENT' ? fenced(`creates ${name}`, error) : error;
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
   * Moves the repository into `grave` with one rename, then deletes it. If another process has ended the lease of this
   * one meanwhile, the grave is gone and the repository stays.
   */
  async remove(name: string, grave = this.#deps.leases.workshop): Promise<void> {
    const repository = await this.open(name);
    const removed = join(grave, randomUUID());
    try {
      await this.#underNames(() => this.#alter(() => rename(this.#path(name), removed)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw fenced(`deletes ${name}`, error);
    }
    await sync(this.root);
    this.#open.delete(name);
    repository.forget();
    await rm(removed, { recursive: true, force: true });
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
    return this.#deps.journal.add(name);
  }

  hold(patience?: number): Promise<Hold> {
    return this.#deps.journal.hold(patience);
  }

  removeJournalEntry(name: string): Promise<void> {
    return this.#deps.journal.remove(name);
  }

  unfinished(): Promise<UnfinishedChange[]> {
    return this.#deps.journal.unfinished();
  }

  journaled(): Promise<string[]> {
    return this.#deps.journal.list();
  }

  abandonedEntries(): Promise<string[]> {
    return this.#deps.journal.listAbandoned();
  }

  leaveJournalEntry(name: string): Promise<void> {
    return this.#deps.journal.leave(name);
  }

  async takeOverEntries(): Promise<void> {
    const { journal, leases } = this.#deps;
    journal.renew();
    for (const name of await journal.takeOver()) {
      if (await this.exists(name)) await (await this.open(name)).fold();
    }
    for (const name of await journal.interruptedMaintenance()) {
      await journal.maintain(name, async () => {
        if (await this.exists(name)) await (await this.open(name)).tidy();
      });
    }
    await journal.sweep();
    await sweepLocks(leases, join(this.root, WORKSHOP));
  }

  async repairEntry<T>(
    name: string,
    work: (repository: Repository | undefined, repair: Repair) => Promise<T>,
  ): Promise<T | undefined> {
    return await this.#deps.journal.repair(name, async (claim) => {
      const repository = (await this.exists(name)) ? await this.open(name) : undefined;
      // A change that has the lock on the refs either ends now or can no longer move them.
      await repository?.fold();
      return await work(repository, {
        verify: () => claim.verify(),
        remove: () => this.remove(name, claim.path),
      });
    });
  }

  async close(): Promise<void> {
    await this.#making;
    await this.#deps.upkeep.close();
    this.#open.clear();
  }
}

const fenced = (what: string, cause: unknown): RepositoryError =>
  new RepositoryError('fenced', `this process did not run for a while, and no longer ${what}`, {
    cause,
  });

function exists(name: string): never {
  throw new RepositoryError('repository_exists', `the name ${name} is taken`);
}

async function layOut(path: string): Promise<void> {
  for (const folder of FOLDERS) await mkdir(join(path, folder));
  const files = Object.entries(FILES).map(([file, text]) => writeSynced(join(path, file), text));
  await Promise.all(files);
  await Promise.all(['.', ...FOLDERS].map((folder) => sync(join(path, folder))));
}
