/** Reading objects of one repository: loose ones directly, packed ones with isomorphic-git, those of large packs with git. */
import { join } from 'node:path';
import { CatFile, type StoredObject } from './cat-file.ts';
import { RepositoryError } from './errors.ts';
import { MOST_ENTRIES, TOO_MANY_ENTRIES } from './limits.ts';
import { readLoose } from './loose-objects.ts';
import { objectFiles } from './object-files.ts';
import {
  isTree,
  type ObjectType,
  parseCommit,
  parseTag,
  parseTree,
  type TreeEntry,
} from './object-text.ts';
import { cacheOf, forget, grow } from './pack-memory.ts';
import { quarantineEnvironment } from './quarantine-environment.ts';
import { forgetFolder, remember } from './recent-objects.ts';
import type { Commit, FileEntry, GitProgram, ObjectReader, Oid } from './types.ts';

/** Half a megabyte, loaded when the first object is read. */
const isomorphicGit = () => import('isomorphic-git');

export class ObjectStore implements ObjectReader {
  readonly #gitdir: string;
  readonly #folders: readonly string[];
  readonly #files: ReturnType<typeof objectFiles>;
  readonly #catFile: CatFile;

  /** `quarantine` is an objects folder that is looked into first. */
  constructor(git: GitProgram, gitdir: string, quarantine?: string) {
    const own = join(gitdir, 'objects');
    const folders = quarantine === undefined ? [own] : [quarantine, own];
    this.#gitdir = gitdir;
    this.#folders = folders;
    this.#files = objectFiles(gitdir, folders, (bytes) => grow(this, bytes));
    this.#catFile = new CatFile(
      git,
      quarantine === undefined ? { GIT_DIR: gitdir } : quarantineEnvironment(gitdir, quarantine),
    );
  }

  /** Throws `object_not_found`, and `bad_object` where it cannot be read or is of another type. */
  async read(oid: Oid, type?: ObjectType): Promise<StoredObject> {
    const found = (await this.#find(oid)) ?? (await this.#fromLargePack(oid));
    if (found === undefined) {
      throw new RepositoryError('object_not_found', `there is no object ${oid}`);
    }
    if (type === undefined || found.type === type) return found;
    throw new RepositoryError('bad_object', `object ${oid} is not a ${type}`);
  }

  async #find(oid: Oid): Promise<StoredObject | undefined> {
    try {
      const found = await this.#findOnce(oid);
      if (found !== undefined || this.#files.hidesPacks()) return found;
    } catch {
      // Told by the second attempt, if it fails as well.
    }
    // A repack may have taken the pack away between its listing and its reading: look again.
    this.forget();
    try {
      return await this.#findOnce(oid);
    } catch (cause) {
      throw new RepositoryError('bad_object', `object ${oid} cannot be read`, { cause });
    }
  }

  async #findOnce(oid: Oid): Promise<StoredObject | undefined> {
    const loose = await readLoose(this.#folders, oid);
    if (loose !== undefined) return loose;
    const { Errors, readObject } = await isomorphicGit();
    const at = { fs: this.#files, gitdir: this.#gitdir, cache: cacheOf(this) };
    try {
      const { type, object, source } = await readObject({ ...at, oid, format: 'content' });
      const found = { type: type as ObjectType, bytes: object as Uint8Array };
      // A long chain of deltas is kept inflated.
      if (source?.startsWith('objects/pack/')) grow(this, found.bytes.length);
      // Never what is in quarantine: nobody else may find it.
      if (this.#folders.length === 1) remember(join(this.#gitdir, 'objects'), oid, found);
      return found;
    } catch (error) {
      if (error instanceof Errors.NotFoundError) return undefined;
      throw error;
    }
  }

  async #fromLargePack(oid: Oid): Promise<StoredObject | undefined> {
    return this.#files.hidesPacks() ? this.#catFile.read(oid) : undefined;
  }

  /** Forgets the packs read; after a repack they are others. */
  forget(): void {
    forget(this);
    const [own] = this.#folders;
    if (own !== undefined) forgetFolder(own);
  }

  async readCommit(oid: Oid): Promise<Commit> {
    return parseCommit(oid, (await this.read(oid, 'commit')).bytes);
  }

  async readTree(oid: Oid): Promise<TreeEntry[]> {
    return parseTree((await this.read(oid, 'tree')).bytes);
  }

  async readBlob(oid: Oid): Promise<Uint8Array> {
    return (await this.read(oid, 'blob')).bytes;
  }

  /** What an annotated tag stands for in the end; undefined for an object that is no tag. */
  async peel(oid: Oid): Promise<Oid | undefined> {
    const { type, bytes } = await this.read(oid);
    if (type !== 'tag') return undefined;
    const { object } = parseTag(bytes);
    return (await this.peel(object)) ?? object;
  }

  /** Throws `too_large` for more than `MOST_ENTRIES`. */
  async files(commit: Oid): Promise<FileEntry[]> {
    const found: FileEntry[] = [];
    let entries = 0;
    const walk = async (tree: Oid, prefix: string): Promise<void> => {
      for (const { mode, name, oid } of await this.readTree(tree)) {
        if (++entries > MOST_ENTRIES) throw new RepositoryError('too_large', TOO_MANY_ENTRIES);
        const path = prefix + name;
        if (isTree(mode)) await walk(oid, `${path}/`);
        else found.push({ path, oid, mode });
      }
    };
    await walk((await this.readCommit(commit)).tree, '');
    return found;
  }

  /** The entry at a path of a commit's tree, a file's or a folder's; undefined where there is none. */
  async entryAt(commit: Commit, path: string): Promise<TreeEntry | undefined> {
    let entry: TreeEntry | undefined = { mode: '40000', name: '', oid: commit.tree };
    for (const part of path.split('/')) {
      if (!isTree(entry.mode)) return undefined;
      entry = (await this.readTree(entry.oid)).find(({ name }) => name === part);
      if (entry === undefined) return undefined;
    }
    return entry;
  }

  async readFile(commit: Oid, path: string): Promise<Uint8Array | undefined> {
    const entry = await this.entryAt(await this.readCommit(commit), path);
    if (entry === undefined || isTree(entry.mode) || entry.mode === '160000') return undefined;
    return this.readBlob(entry.oid);
  }
}
