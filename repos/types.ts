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
  /** Minutes east of UTC on the author's clock; 0 unless given. */
  offsetMinutes?: number;
}

/** A ref and, for an annotated tag, the object that the tag points to. */
export interface Ref {
  oid: Oid;
  peeled?: Oid;
}

/** Full ref names (`refs/heads/main`) and what they point to, in byte order of the names. */
export type Refs = ReadonlyMap<string, Ref>;

/** Compare-and-swap of one ref: it must be at `from`; null means absent. */
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

/** The commit to write: `parent`'s tree with `changes` (null deletes), or `tree` as it is. */
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

/** The state of a repository, read from one set of refs. */
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
  /** Further refs to move in the same transaction (for example a merge request's branch). */
  also?: RefUpdate[];
}

/** Reads objects of one repository, or of a repository with a quarantine. */
export interface ObjectReader {
  readCommit(oid: Oid): Promise<Commit>;
  /** Every file below the tree of this commit, in git's order. Throws `too_large` (see limits.ts). */
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
  /** The same at once, if they are in memory and unchanged on disk; otherwise undefined. */
  refsInMemory(): Refs | undefined;
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
  /** Creates an annotated tag, signed as versions are; durable on return. Throws `ref_conflict` if it exists. */
  addTag(tag: { name: string; commit: Oid; tagger: Signature; message: string }): Promise<Oid>;
  /** First-parent history of `main` (or of `from`), newest first; with `path`, only commits that changed it. */
  history(options?: { from?: Oid; path?: string; limit?: number }): Promise<Commit[]>;
  /**
   * The unified diff of two commits' trees as git prints it (with renames). The lines are bytes; null is the empty
   * tree.
   */
  diff(from: Oid | null, to: Oid): Promise<Buffer>;
  /** The content of `state.json` on `refs/registry/state` and its commit, or undefined. */
  readState(): Promise<{ oid: Oid; text: string } | undefined>;
  /** The complaints of `git fsck --strict`; empty if the repository is sound. */
  fsck(): Promise<string[]>;
  /** Packs loose objects if there are many. Readers and writers may work meanwhile. */
  maintain(): Promise<void>;
  /** These refs and everything that they reach, as a git bundle (gitformat-bundle(5)). */
  bundle(refs: Refs): Readable;
  /**
   * `main`, the tags of its versions and everything that they reach, as a git bundle that is kept in memory while the
   * refs stay the same; undefined if there is no version, or the bundle is too large to be kept.
   */
  versionsBundle(): Promise<Buffer | undefined>;
}

/** While anybody holds, git and the database agree. */
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
  /** A repository that was opened before; its folder may have been removed since. */
  opened(name: string): Repository | undefined;
  /**
   * Drops what is kept in memory about a repository that will not be used again soon. It can be opened again, and whoever
   * uses it now may continue.
   */
  release(name: string): void;
  /** An empty bare repository whose HEAD is `refs/heads/main`. Throws `repository_exists` (case ignored), `bad_name`. */
  create(name: string): Promise<Repository>;
  /**
   * A new repository with the refs and objects of a git bundle, durable on return. Throws as `create` does, and
   * `bad_object` if the bundle is not complete; then no repository is created.
   */
  adopt(name: string, bundle: AsyncIterable<Buffer>): Promise<Repository>;
  /** Deletes a repository (to undo a failed creation). */
  remove(name: string): Promise<void>;
  /** Adds a journal entry before the repository changes. Durable on return. */
  addJournalEntry(name: string): Promise<void>;
  /**
   * Resolves once no process has a journal entry. New changes wait until `release`. Throws `locked` if another caller
   * holds, or if a change does not end.
   */
  hold(): Promise<Hold>;
  /** Removes this process's entry, after the index has followed git. */
  removeJournalEntry(name: string): Promise<void>;
  /** Repositories that only dead processes have entries for: their index may be outdated. */
  abandonedEntries(): Promise<string[]>;
  /** Removes the entries of dead processes, after the repair of the repository. */
  dropJournalEntry(name: string): Promise<void>;
  close(): Promise<void>;
}

/** A run of the git program, in a clean environment without the caller's variables. */
export interface GitRun {
  args: string[];
  cwd?: string;
  env?: Record<string, string>;
  signal?: AbortSignal;
  /** The input comes from a client, which may be slow. Such runs have slots of their own. */
  fed?: boolean;
}

export interface GitChild {
  stdin: NodeJS.WritableStream;
  stdout: Readable;
  /**
   * Settles when the process has ended and its output was read. `stderr` is the end of its error output, with a limited
   * length.
   */
  exit: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

export interface GitProgram {
  spawn(run: GitRun): GitChild;
  /** Runs git to the end with limited output. Throws `git_failed` with stderr if the exit code is not allowed. */
  run(
    run: GitRun & { input?: Uint8Array; allow?: number[] },
  ): Promise<{ code: number; stdout: Buffer; stderr: string }>;
  close(): Promise<void>;
}
