/**
 * What the git layer offers to the rest of the registry. Times are JavaScript dates that git keeps
 * to the second; object ids are 40 lower-case hexadecimal digits (SHA-1).
 */
import type { Readable } from 'node:stream';

export type Oid = string;

/** Who wrote something, as git records it (git-commit-tree(1), "Commit Information"). */
export interface Signature {
  name: string;
  email: string;
  at: Date;
  /** Minutes east of UTC, as the author's clock had it; 0 unless given. */
  offsetMinutes?: number;
}

/** A ref and, for an annotated tag, the object that the tag stands for. */
export interface Ref {
  oid: Oid;
  peeled?: Oid;
}

/** Full ref name (`refs/heads/main`) to what it points to, in byte order of the names. */
export type Refs = ReadonlyMap<string, Ref>;

/** Compare-and-swap of one ref: it must be at `from` now; null means absent. */
export interface RefUpdate {
  ref: string;
  from: Oid | null;
  to: Oid | null;
}

export interface FileEntry {
  path: string;
  oid: Oid;
  /** `100644`, `100755`, `120000` (symlink), `160000` (submodule), as ls-tree prints it. */
  mode: string;
}

export interface Commit {
  oid: Oid;
  tree: Oid;
  parents: Oid[];
  author: Signature;
  committer: Signature;
  message: string;
}

/** What `commit` writes: `parent`'s tree with `changes` laid over it (null deletes), or `tree` as it is. */
export interface NewCommit {
  parent: Oid | null;
  changes?: ReadonlyMap<string, Uint8Array | null>;
  tree?: Oid;
  author: Signature;
  committer: Signature;
  message: string;
}

/** A version: the Nth commit of `main` and the annotated tag `vN` that is its record. */
export interface Version {
  version: number;
  commit: Oid;
  tag: Oid;
  /** The tag's date. The key of its signature must have been valid then. */
  taggedAt: Date;
  /** The tag's message exactly as it was passed to `land`, without a signature. */
  record: string;
  /** Null if the tag is not signed. */
  signed: Signed | null;
}

/** An annotated tag of the repository; see `Version`. */
export type SignedTag = Pick<Version, 'commit' | 'tag' | 'taggedAt' | 'record' | 'signed'>;

/** The armoured signature at the end of a tag, and the bytes before it, which it signs (git-tag(1)). */
export interface Signed {
  payload: Uint8Array;
  signature: string;
}

/** Returns the armoured signature over these bytes, with a newline at its end. */
export type Sign = (payload: Uint8Array) => Promise<string>;

/** Where a repository stands, read from one and the same set of refs. */
export interface Tip {
  /** The commit of `main`; null before the first version. */
  head: Oid | null;
  /** The number of that version; 0 before the first. */
  version: number;
  /** The commit of `refs/registry/state`. */
  state: Oid | null;
}

/** One landing: `main` and the tags of its new versions, and the registry's state, in one ref transaction. */
export interface Landing {
  /** The commit where `main` must be now; null for a repository without versions. */
  head: Oid | null;
  /** Oldest first. The first one's parent must be `head`, each other's the one before it. */
  versions: { commit: Oid; record: string }[];
  tagger: Signature;
  /** The new content of `state.json`, and the state that it is based on. Absent: no change. */
  state?: { from: Oid | null; text: string };
  /** Further refs that move with it (a merge request's branch, for instance). */
  also?: RefUpdate[];
}

/** Reads objects of one repository, or of one repository and a quarantine laid over it. */
export interface ObjectReader {
  readCommit(oid: Oid): Promise<Commit>;
  /** Every entry below the tree of this commit, subfolders walked, in git's order. Throws `too_large` (see limits.ts). */
  files(commit: Oid): Promise<FileEntry[]>;
  readBlob(oid: Oid): Promise<Uint8Array>;
  /** The file's bytes, or undefined if the commit has no such file. */
  readFile(commit: Oid, path: string): Promise<Uint8Array | undefined>;
}

export interface Repository extends ObjectReader {
  readonly name: string;
  /** Absolute path of the bare repository. */
  readonly path: string;
  /** All refs, kept in memory until one of them changes through this layer. */
  refs(): Promise<Refs>;
  /** The commit of `main`, or null before the first version. */
  head(): Promise<Oid | null>;
  tip(): Promise<Tip>;
  /** Writes blobs, trees and the commit; durable on return. No ref moves. */
  commit(commit: NewCommit): Promise<Oid>;
  /** Moves all refs or none; durable on return. Throws `ref_conflict` if a ref is not at its `from`. */
  updateRefs(updates: RefUpdate[]): Promise<void>;
  /** Writes the tags, then moves `main`, tags and state together. Throws `ref_conflict`. */
  land(landing: Landing): Promise<Version[]>;
  /** Newest first. */
  versions(): Promise<Version[]>;
  version(n: number): Promise<Version | undefined>;
  /** The annotated tag of this name, or undefined. */
  readTag(name: string): Promise<SignedTag | undefined>;
  /** Makes an annotated tag, signed as versions are; durable on return. Throws `ref_conflict` if it exists. */
  addTag(tag: { name: string; commit: Oid; tagger: Signature; message: string }): Promise<Oid>;
  /** First-parent history of `main` (or of `from`), newest first; with `path`, only commits that changed it. */
  history(options?: { from?: Oid; path?: string; limit?: number }): Promise<Commit[]>;
  /** Unified diff of two commits' trees as git prints it (renames detected), each file's lines as its bytes; null is the empty tree. */
  diff(from: Oid | null, to: Oid): Promise<Buffer>;
  /** The content of `state.json` on `refs/registry/state` and its commit, or undefined. */
  readState(): Promise<{ oid: Oid; text: string } | undefined>;
  /** `git fsck --strict`; the lines it complains with, none when all is well. */
  fsck(): Promise<string[]>;
  /** Packs what is loose when there is much of it; safe beside readers and writers. */
  maintain(): Promise<void>;
  /** These refs, with all that they reach, as a git bundle (gitformat-bundle(5)). */
  bundle(refs: Refs): Readable;
}

/** While it is held, git and the database agree. */
export interface Hold {
  /** Further calls do nothing. */
  release(): Promise<void>;
}

export interface Repositories {
  readonly root: string;
  /** Names of all repositories, sorted. */
  list(): Promise<string[]>;
  exists(name: string): Promise<boolean>;
  /** Throws `repository_not_found`. */
  open(name: string): Promise<Repository>;
  /** An empty bare repository whose HEAD is `refs/heads/main`. Throws `repository_exists` (case ignored), `bad_name`. */
  create(name: string): Promise<Repository>;
  /**
   * A new repository with the refs and objects of a git bundle, durable on return. Throws as `create` does, and
   * `bad_object` for what is no whole bundle; then there is none.
   */
  adopt(name: string, bundle: AsyncIterable<Buffer>): Promise<Repository>;
  /** Deletes a repository (to undo a failed creation). */
  remove(name: string): Promise<void>;
  /** Writes a journal entry: the repository is about to change. Durable on return. */
  addJournalEntry(name: string): Promise<void>;
  /**
   * Resolves once no journal entry is left, in any process; new changes wait until `release`. Throws `locked` if another
   * caller holds, or if a change does not end.
   */
  hold(): Promise<Hold>;
  /** Removes this process's entry, once the index follows git. */
  removeJournalEntry(name: string): Promise<void>;
  /** Repositories with entries of dead processes only: their index may be outdated. */
  abandonedEntries(): Promise<string[]>;
  /** Removes the entries of dead processes, after the repair of the repository. */
  dropJournalEntry(name: string): Promise<void>;
  close(): Promise<void>;
}

/** A run of the git program, with a clean environment: nothing of the caller's leaks in. */
export interface GitRun {
  args: string[];
  cwd?: string;
  env?: Record<string, string>;
  signal?: AbortSignal;
  /** The input comes from a client, which may be slow: such runs have slots of their own. */
  fed?: boolean;
}

export interface GitChild {
  stdin: NodeJS.WritableStream;
  stdout: Readable;
  /** Settles when the process has ended and its output was read; `stderr` is its (bounded) end. */
  exit: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

export interface GitProgram {
  spawn(run: GitRun): GitChild;
  /** Runs to the end with bounded output; throws `git_failed` with stderr unless the code is allowed. */
  run(
    run: GitRun & { input?: Uint8Array; allow?: number[] },
  ): Promise<{ code: number; stdout: Buffer; stderr: string }>;
  close(): Promise<void>;
}
