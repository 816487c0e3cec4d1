/** Implements `Repository` of types.ts for one bare repository. */

import type { Readable } from 'node:stream';
import { MAIN, STATE, tagRef } from '../text/refs.ts';
import { readBundle } from './bundle.ts';
import { RepositoryError } from './errors.ts';
import type { GitCaches } from './git-caches.ts';
import type { Journal } from './journal.ts';
import {
  addTag,
  checkLine,
  countVersions,
  type PreparedLanding,
  prepareLanding,
  readTag,
  readVersion,
  readVersions,
  STATE_FILE,
} from './landing.ts';
import type { Leases } from './leases.ts';
import { sweepObjects } from './leftovers.ts';
import { check, diff, pack } from './maintenance.ts';
import { ObjectBatch } from './object-batch.ts';
import { ObjectStore } from './object-store.ts';
import { formatCommit } from './object-text.ts';
import { RefStore } from './refs.ts';
import { generationOf } from './serve/generation.ts';
import { versionsBundle } from './small-bundle.ts';
import { changeTree } from './trees.ts';
import type {
  Commit,
  FileEntry,
  GitProgram,
  Incoming,
  Landing,
  NewCommit,
  Oid,
  Refs,
  RefUpdate,
  Repository,
  Sign,
  Signature,
  SignedTag,
  Tip,
  Version,
} from './types.ts';
import type { Upkeep } from './upkeep.ts';

/** Cached in place of a bundle that does not exist or is too large to be cached. */
const NONE = Buffer.alloc(0);

/** Dependencies that all repositories share. */
export interface RepositoryDeps {
  git: GitProgram;
  caches: GitCaches;
  upkeep: Upkeep;
  leases: Leases;
  journal: Journal;
  /** Signs the tags of versions. If undefined, tags are not signed. */
  sign: Sign | undefined;
}

export class BareRepository implements Repository {
  readonly name: string;
  readonly path: string;
  readonly #git: GitProgram;
  readonly #caches: GitCaches;
  readonly #objects: ObjectStore;
  readonly #refs: RefStore;
  readonly #upkeep: Upkeep;
  readonly #leases: Leases;
  readonly #journal: Journal;
  readonly #sign: Sign | undefined;
  #versions: { refs: Refs; list: Promise<Version[]> } | undefined;

  constructor(
    name: string,
    path: string,
    { git, caches, upkeep, sign, leases, journal }: RepositoryDeps,
  ) {
    this.name = name;
    this.path = path;
    this.#git = git;
    this.#caches = caches;
    this.#upkeep = upkeep;
    this.#sign = sign;
    this.#objects = new ObjectStore(git, path, caches);
    this.#leases = leases;
    this.#journal = journal;
    this.#refs = new RefStore(path, {
      peel: (oid) => this.#objects.peel(oid),
      leases,
      verify: () => journal.verify(name),
    });
  }

  get workshop(): string {
    return this.#leases.workshop;
  }

  refs(): Promise<Refs> {
    return this.#refs.read();
  }

  refsInMemory(): Refs | undefined {
    return this.#refs.inMemory();
  }

  async head(): Promise<Oid | null> {
    return (await this.refs()).get(MAIN)?.oid ?? null;
  }

  readCommit(oid: Oid): Promise<Commit> {
    return this.#objects.readCommit(oid);
  }

  files(commit: Oid): Promise<FileEntry[]> {
    return this.#objects.files(commit);
  }

  readBlob(oid: Oid): Promise<Uint8Array> {
    return this.#objects.readBlob(oid);
  }

  readFile(commit: Oid, path: string): Promise<Uint8Array | undefined> {
    return this.#objects.readFile(commit, path);
  }

  /**
   * To squash a branch, pass the tree of the branch's head and the head of `main` as `parent`. To revert to a version,
   * pass the tree of that version.
   */
  async draft({
    parent,
    changes,
    tree,
    author,
    committer,
    message,
  }: NewCommit): Promise<Incoming & { commit: Oid }> {
    const batch = new ObjectBatch(this);
    const base = tree ?? (parent === null ? null : (await this.readCommit(parent)).tree);
    const content = formatCommit({
      tree:
        changes === undefined && base !== null
          ? base
          : await changeTree(this.#objects, batch, base, changes ?? new Map()),
      parents: parent === null ? [] : [parent],
      author,
      committer,
      message,
    });
    const commit = batch.add('commit', content);
    return {
      commit,
      objects: new ObjectStore(this.#git, this.path, this.#caches, { objects: batch.contents }),
      keep: () => batch.write(this.#caches),
    };
  }

  async commit(commit: NewCommit): Promise<Oid> {
    const draft = await this.draft(commit);
    await draft.keep();
    return draft.commit;
  }

  updateRefs(updates: RefUpdate[]): Promise<void> {
    return this.#refs.update(updates);
  }

  async land(landing: Landing): Promise<Version[]> {
    const refs = await this.refs();
    const prepared = await prepareLanding(this, refs, landing, this.#sign);
    const written = this.#writeLanding(prepared, landing);
    // Whoever moves the refs waits for it and receives its error.
    written.catch(() => undefined);
    try {
      await this.#refs.update(prepared.updates, { written, peeled: prepared.peeled });
    } finally {
      await Promise.allSettled([written]);
    }
    const newest = prepared.versions.at(-1)?.version ?? 0;
    this.#upkeep.schedule(this, newest, prepared.versions.length);
    return prepared.versions;
  }

  async #writeLanding({ batch }: PreparedLanding, landing: Landing): Promise<void> {
    const kept = landing.kept ?? Promise.resolve();
    await Promise.all([
      batch.write(this.#caches),
      kept.then(() => checkLine(this.#objects, landing)),
    ]);
  }

  async versions(): Promise<Version[]> {
    const refs = await this.refs();
    if (this.#versions?.refs !== refs) {
      const kept = { refs, list: readVersions(this.#objects, refs) };
      this.#versions = kept;
      // A failed read is not cached.
      kept.list.catch(() => {
        if (this.#versions === kept) this.#versions = undefined;
      });
    }
    return [...(await this.#versions.list)];
  }

  async version(n: number): Promise<Version | undefined> {
    return readVersion(this.#objects, await this.refs(), n);
  }

  async readTag(name: string): Promise<SignedTag | undefined> {
    return readTag(this.#objects, await this.refs(), name);
  }

  async addTag({
    name,
    commit,
    tagger,
    message,
  }: {
    name: string;
    commit: Oid;
    tagger: Signature;
    message: string;
  }): Promise<Oid> {
    const batch = new ObjectBatch(this);
    const tag = await addTag(batch, { name, commit, tagger, record: message }, this.#sign);
    await batch.write(this.#caches);
    await this.#refs.update([{ ref: tagRef(name), from: null, to: tag.oid }]);
    return tag.oid;
  }

  async history({
    from,
    path,
    limit = Number.POSITIVE_INFINITY,
  }: {
    from?: Oid;
    path?: string;
    limit?: number;
  } = {}): Promise<Commit[]> {
    const found: Commit[] = [];
    let at = from ?? (await this.head());
    while (at !== null && found.length < limit) {
      const commit = await this.readCommit(at);
      at = commit.parents[0] ?? null;
      if (path === undefined || (await this.#changed(commit, at, path))) found.push(commit);
    }
    return found;
  }

  async #changed(commit: Commit, parent: Oid | null, path: string): Promise<boolean> {
    const now = await this.#objects.entryAt(commit, path);
    const before =
      parent === null
        ? undefined
        : await this.#objects.entryAt(await this.readCommit(parent), path);
    return now?.oid !== before?.oid || now?.mode !== before?.mode;
  }

  async diff(from: Oid | null, to: Oid): Promise<Buffer> {
    for (const oid of [from, to]) if (oid !== null) await this.readCommit(oid);
    return diff(this.#git, this.path, from, to, this.#caches.diffs);
  }

  async tip(): Promise<Tip> {
    const refs = await this.refs();
    return {
      head: refs.get(MAIN)?.oid ?? null,
      version: countVersions(refs),
      state: refs.get(STATE)?.oid ?? null,
    };
  }

  async readState(): Promise<{ oid: Oid; text: string } | undefined> {
    const state = (await this.refs()).get(STATE);
    if (state === undefined) return undefined;
    const bytes = await this.readFile(state.oid, STATE_FILE);
    if (bytes === undefined) {
      throw new RepositoryError('bad_object', `${STATE} of ${this.name} has no ${STATE_FILE}`);
    }
    return { oid: state.oid, text: Buffer.from(bytes).toString() };
  }

  fsck(): Promise<string[]> {
    return check(this.#git, this.path);
  }

  /** Moves loose refs into `packed-refs`, and so waits until no other process moves refs. */
  fold(): Promise<void> {
    return this.#refs.fold();
  }

  async maintain(): Promise<void> {
    await this.#journal.maintain(this.name, async () => {
      await this.tidy();
      if (await pack(this.#git, this.path)) this.#objects.forget();
    });
  }

  /** Removes what interrupted maintenance and older registries left. The caller keeps others from maintaining the repository. */
  async tidy(): Promise<void> {
    await sweepObjects(this.path);
    await this.#refs.fold();
  }

  /** Drops cached objects, because the repository was removed or will not be needed soon. */
  forget(): void {
    this.#objects.forget();
  }

  bundle(refs: Refs, known?: readonly Oid[]): Readable {
    return readBundle(this.#git, this.path, refs, known);
  }

  async versionsBundle(): Promise<Buffer | undefined> {
    const refs = await this.refs();
    const source = {
      read: (oid: Oid) => this.#objects.read(oid),
      bundle: (some: Refs) => this.bundle(some),
    };
    const held = await this.#caches.histories.load(
      String(generationOf(refs)),
      async () => (await versionsBundle(source, refs)) ?? NONE,
    );
    return held === NONE ? undefined : held;
  }
}
