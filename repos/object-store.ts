/** Reading objects of one repository with isomorphic-git, in process. */
import { join } from 'node:path';
import { Errors, readObject } from 'isomorphic-git';
import { RepositoryError } from './errors.ts';
import { objectFiles } from './object-files.ts';
import { isTree, parseCommit, parseTag, parseTree, type TreeEntry } from './object-text.ts';
import type { Commit, FileEntry, ObjectReader, Oid } from './types.ts';

type ObjectType = 'blob' | 'tree' | 'commit' | 'tag';

export class ObjectStore implements ObjectReader {
  readonly #gitdir: string;
  readonly #files: ReturnType<typeof objectFiles>;
  /** Where isomorphic-git keeps the packs that it has read. */
  #packs = {};

  /** `quarantine` is an objects folder that is looked into first (`GIT_QUARANTINE_PATH`). */
  constructor(gitdir: string, quarantine?: string) {
    const own = join(gitdir, 'objects');
    this.#gitdir = gitdir;
    this.#files = objectFiles(gitdir, quarantine === undefined ? [own] : [quarantine, own]);
  }

  /** Throws `object_not_found`, and `bad_object` where it cannot be read or is of another type. */
  async read(oid: Oid, type?: ObjectType): Promise<{ type: ObjectType; bytes: Uint8Array }> {
    try {
      const found = await this.#find(oid).catch(() => {
        // A repack may have taken the pack away between its listing and its reading: look again.
        this.forget();
        return this.#find(oid);
      });
      const bytes = found.object as Uint8Array;
      const is = found.type as ObjectType;
      if (type === undefined || is === type) return { type: is, bytes };
    } catch (cause) {
      if (cause instanceof Errors.NotFoundError) {
        throw new RepositoryError('object_not_found', `there is no object ${oid}`, { cause });
      }
      throw new RepositoryError('bad_object', `object ${oid} cannot be read`, { cause });
    }
    throw new RepositoryError('bad_object', `object ${oid} is not a ${type}`);
  }

  #find(oid: Oid) {
    const at = { fs: { promises: this.#files }, gitdir: this.#gitdir, cache: this.#packs };
    return readObject({ ...at, oid, format: 'content' });
  }

  /** Forgets the packs read; after a repack they are others. */
  forget(): void {
    this.#packs = {};
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

  async files(commit: Oid): Promise<FileEntry[]> {
    return this.#walk((await this.readCommit(commit)).tree, '');
  }

  async #walk(tree: Oid, prefix: string): Promise<FileEntry[]> {
    const found: FileEntry[] = [];
    for (const { mode, name, oid } of await this.readTree(tree)) {
      const path = prefix + name;
      if (isTree(mode)) found.push(...(await this.#walk(oid, `${path}/`)));
      else found.push({ path, oid, mode });
    }
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
