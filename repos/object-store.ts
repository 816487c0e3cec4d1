/**
 * Reads the objects of one repository: loose objects directly, small packs through isomorphic-git, and large packs
 * through git (docs/decisions/0034-reading-objects.md).
 */
import { CatFile, type StoredObject } from './cat-file.ts';
import { RepositoryError } from './errors.ts';
import type { GitCaches } from './git-caches.ts';
import { MOST_ENTRIES, TOO_MANY_ENTRIES } from './limits.ts';
import {
  keepSmall,
  objectKey,
  objectsFolder,
  readLoose,
  readLooseHeader,
} from './loose-objects.ts';
import {
  isSubmodule,
  isTree,
  type ObjectType,
  parseCommit,
  parseTag,
  parseTree,
  type TreeEntry,
} from './object-text.ts';
import { quarantineEnvironment } from './quarantine-environment.ts';
import { SmallPacks } from './small-packs.ts';
import type { Commit, FileEntry, GitProgram, ObjectReader, Oid } from './types.ts';

export type ObjectCaches = Pick<GitCaches, 'objects' | 'packs'>;

export class ObjectStore implements ObjectReader {
  readonly #folders: readonly [string, ...string[]];
  readonly #objects: GitCaches['objects'];
  readonly #smallPacks: SmallPacks;
  readonly #catFile: CatFile;
  readonly #inMemory: ReadonlyMap<Oid, StoredObject> | undefined;

  /** @param first where to look first: objects of a push that are not in the repository yet, in a folder or in memory */
  constructor(
    git: GitProgram,
    gitdir: string,
    caches: ObjectCaches,
    first: { quarantine?: string; objects?: ReadonlyMap<Oid, StoredObject> } = {},
  ) {
    const own = objectsFolder(gitdir);
    const { quarantine, objects } = first;
    this.#inMemory = objects;
    this.#folders = quarantine === undefined ? [own] : [quarantine, own];
    this.#objects = caches.objects;
    this.#smallPacks = new SmallPacks(gitdir, this.#folders, caches.packs);
    this.#catFile = new CatFile(
      git,
      quarantine === undefined ? { GIT_DIR: gitdir } : quarantineEnvironment(gitdir, quarantine),
    );
  }

  /** Throws `object_not_found`, or `bad_object` if the object cannot be read or has another type. */
  async read(oid: Oid, type?: ObjectType): Promise<StoredObject> {
    const found =
      this.#inMemory?.get(oid) ?? (await this.#find(oid)) ?? (await this.#fromLargePack(oid));
    if (found === undefined) {
      throw new RepositoryError('object_not_found', `there is no object ${oid}`);
    }
    if (type === undefined || found.type === type) return found;
    throw new RepositoryError('bad_object', `object ${oid} is not a ${type}`);
  }

  /** Reads type and size of a loose object in the first objects folder. Throws if the object is damaged or absent. */
  readLooseHeader(oid: Oid): Promise<{ type: ObjectType; size: number }> {
    return readLooseHeader(this.#folders[0], oid, this.#objects);
  }

  async #find(oid: Oid): Promise<StoredObject | undefined> {
    try {
      const found = await this.#findSmall(oid);
      if (found !== undefined || this.#smallPacks.passedOver) return found;
    } catch {
      // The second attempt below throws if the object is really damaged.
    }
    // A repack may have deleted a pack since the packs were listed, so list them again.
    this.forgetPacks();
    try {
      return await this.#findSmall(oid);
    } catch (cause) {
      throw new RepositoryError('bad_object', `object ${oid} cannot be read`, { cause });
    }
  }

  async #findSmall(oid: Oid): Promise<StoredObject | undefined> {
    const loose = await readLoose(this.#folders, oid, this.#objects);
    if (loose !== undefined) return loose;
    const packed = await this.#smallPacks.read(oid);
    const [own, ...more] = this.#folders;
    // Packed objects of a quarantine (a push that is being checked) are not cached: they are read once or twice.
    if (packed !== undefined && more.length === 0) keepSmall(this.#objects, own, oid, packed);
    return packed;
  }

  async #fromLargePack(oid: Oid): Promise<StoredObject | undefined> {
    return this.#smallPacks.passedOver ? this.#catFile.read(oid) : undefined;
  }

  /** Drops the cached packs. Must be called after a repack, which replaces the packs. */
  forgetPacks(): void {
    this.#smallPacks.forget();
  }

  /** Drops all cached objects of the repository. Must be called after a prune, which deletes objects. */
  forget(): void {
    this.forgetPacks();
    this.#objects.deleteAll(objectKey(this.#folders[0], ''));
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

  /** The object that an annotated tag points to, through other tags if needed. Undefined if `oid` is not a tag. */
  async peel(oid: Oid): Promise<Oid | undefined> {
    const { type, bytes } = await this.read(oid);
    if (type !== 'tag') return undefined;
    const { object } = parseTag(bytes);
    return (await this.peel(object)) ?? object;
  }

  /** Throws `too_large` if the commit has more than `MOST_ENTRIES` files and folders. */
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

  /** The file or folder at a path of a commit's tree, or undefined. */
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
    if (entry === undefined || isTree(entry.mode) || isSubmodule(entry.mode)) return undefined;
    return this.readBlob(entry.oid);
  }
}
