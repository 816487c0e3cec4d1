/**
 * The interface of the git layer. Times are JavaScript dates, which git stores to the second. Object ids are 40 lower-case
 * hexadecimal digits (SHA-1).
 */
import type { Readable } from 'node:stream';

export type Oid = string;

/** An author, committer or tagger and the time, as git records them (git-commit-tree(1), "Commit Information"). */
export interface Signature {
  name: string;
  email: string;
  at: Date;
  /** Minutes east of UTC on the author's clock, by default 0. */
  offsetMinutes?: number;
}

/** A ref and, for an annotated tag, the object that the tag points to. */
export interface Ref {
  oid: Oid;
  peeled?: Oid;
}

/** Refs by their full names (`refs/heads/main`), in byte order of the names. */
export type Refs = ReadonlyMap<string, Ref>;

/** Moves one ref from `from` to `to`; null means that the ref does not exist. Fails if the ref is not at `from`. */
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

/**
 * A commit to write. The tree of the commit is the parent's tree with `changes` (null deletes a file), or `tree` if
 * there are no changes.
 */
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
  /** The tag's date. The key that signed the tag must have been valid on that date. */
  taggedAt: Date;
  /** The tag's message exactly as it was passed to `land`, without a signature. */
  record: string;
  /** Null if the tag is not signed. */
  signed: Signed | null;
}

/** An annotated tag of the repository; see `Version`. */
export type SignedTag = Pick<Version, 'commit' | 'tag' | 'taggedAt' | 'record' | 'signed'>;

/** The armoured signature at the end of a tag, and the signed bytes before it (git-tag(1)). */
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
  /** The number of the newest version; 0 before the first. */
  version: number;
  /** The commit of `refs/registry/state`. */
  state: Oid | null;
}

/** One landing, which moves `main`, the tags of the new versions and the registry's state in one ref transaction. */
export interface Landing {
  /** The commit where `main` must be now; null for a repository without versions. */
  head: Oid | null;
  /**
   * Oldest first. The parent of the first commit must be `head`. The parent of each further commit must be the commit
   * before it.
   */
  versions: { commit: Oid; record: string }[];
  tagger: Signature;
  /** The new content of `state.json`, and the commit of the old state. Absent if the state does not change. */
  state?: { from: Oid | null; text: string };
  /** Resolves when the commits of the versions are in the repository, durably. Absent if they already are. */
  kept?: Promise<void>;
  /** More refs to move in the same transaction, for example a merge request's branch. */
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

/** New objects that are not in the repository yet. */
export interface Incoming {
  /** Reads objects of the repository and the new ones, before and after `keep`. */
  objects: ObjectReader;
  /** Moves the new objects into the repository, durable on return. Required before a ref can point to them. */
  keep(): Promise<void>;
}

export interface Repository extends ObjectReader {
  readonly name: string;
  /** Absolute path of the bare repository. */
  readonly path: string;
  /** A folder of this process, in which it prepares files for the repository (see `Leases.workshop`). */
  readonly workshop: string;
  /** All refs. Returns the same map until a ref changes. */
  refs(): Promise<Refs>;
  /** All refs without waiting, if they are in memory and unchanged on disk, and otherwise undefined. */
  refsInMemory(): Refs | undefined;
  /** The commit of `main`, or null before the first version. */
  head(): Promise<Oid | null>;
  tip(): Promise<Tip>;
  /** Makes blobs, trees and the commit. Writes nothing until `keep`. */
  draft(commit: NewCommit): Promise<Incoming & { commit: Oid }>;
  /** Writes blobs, trees and the commit, durable on return. Moves no ref. */
  commit(commit: NewCommit): Promise<Oid>;
  /** Moves all refs or none, durable on return. Throws `ref_conflict` if a ref is not at its `from`. */
  updateRefs(updates: RefUpdate[]): Promise<void>;
  /** Writes the tags, then moves `main`, tags and state together. Throws `ref_conflict`. */
  land(landing: Landing): Promise<Version[]>;
  /** Newest first. */
  versions(): Promise<Version[]>;
  version(n: number): Promise<Version | undefined>;
  /** The annotated tag of this name, or undefined. */
  readTag(name: string): Promise<SignedTag | undefined>;
  /** Creates an annotated tag, signed like those of versions and durable on return. Throws `ref_conflict` if it exists. */
  addTag(tag: { name: string; commit: Oid; tagger: Signature; message: string }): Promise<Oid>;
  /** The first-parent history of `main` or `from`, newest first. With `path`, only commits that changed the file. */
  history(options?: { from?: Oid; path?: string; limit?: number }): Promise<Commit[]>;
  /**
   * The unified diff of two commits, with renames, as git prints it. The diff may not be UTF-8. If `from` is null,
   * every file is new.
   */
  diff(from: Oid | null, to: Oid): Promise<Buffer>;
  /** The content of `state.json` at `refs/registry/state` and the commit, or undefined if there is no state. */
  readState(): Promise<{ oid: Oid; text: string } | undefined>;
  /** The complaints of `git fsck --strict`. The list is empty if the repository is sound. */
  fsck(): Promise<string[]>;
  /** Packs loose objects if there are many. Others may read and write the repository meanwhile. */
  maintain(): Promise<void>;
  /** A git bundle (gitformat-bundle(5)) of these refs and every object that they reach and `known` does not reach. */
  bundle(refs: Refs, known?: readonly Oid[]): Readable;
  /**
   * A git bundle of `main`, the tags of its versions and every object that they reach. The bundle is cached until a ref
   * changes. Undefined if there is no version, or if the bundle would be too large.
   */
  versionsBundle(): Promise<Buffer | undefined>;
}

/** Keeps changes of all repositories from beginning, so that git and the database agree until `release`. */
export interface Hold {
  /**
   * Throws `fenced` if this process did not run for a while and another one has ended the hold. Further calls do nothing.
   */
  release(): Promise<void>;
}

/** A running repair of one repository. No other process repairs or changes the repository meanwhile. */
export interface Repair {
  /** Throws `fenced` if this process did not run for a while and another one has taken over the repair. */
  verify(): void;
  /** Deletes the repository. Throws `fenced`. */
  remove(): Promise<void>;
}

/** A journal entry. */
export interface UnfinishedChange {
  /** The repository. */
  name: string;
  /** When the entry was written, from the clock of the file system. */
  since: Date;
}

export interface Repositories {
  readonly root: string;
  /** Whether the folder of the journal was absent: entries of interrupted changes may be lost with it. */
  readonly isJournalNew: boolean;
  /** Writes a file and deletes it again. Throws the error of the file system, for example if the disk is full. */
  tryWrite(): Promise<void>;
  /** Names of all repositories, sorted. */
  list(): Promise<string[]>;
  exists(name: string): Promise<boolean>;
  /** Throws `repository_not_found`. */
  open(name: string): Promise<Repository>;
  /** A repository that was opened before. The folder of the repository may have been removed meanwhile. */
  opened(name: string): Repository | undefined;
  /**
   * Frees the memory of a repository that will not be used again soon. Callers that use the repository now may
   * continue, and the repository can be opened again.
   */
  release(name: string): void;
  /** Creates an empty bare repository. Throws `bad_name`, or `repository_exists` (case-insensitive). */
  create(name: string): Promise<Repository>;
  /**
   * Creates a repository with the refs and objects of a git bundle, durable on return. Throws the errors of `create`,
   * and `bad_object` if the bundle is incomplete. If `adopt` throws, no repository is created.
   */
  adopt(name: string, ...bundles: AsyncIterable<Buffer>[]): Promise<Repository>;
  /** Deletes a repository (to undo a failed creation). */
  remove(name: string): Promise<void>;
  /** Adds a journal entry, durable on return. Must be called before the repository changes. */
  addJournalEntry(name: string): Promise<void>;
  /**
   * Resolves when no process has a journal entry. New changes wait until `release`. Throws `locked` if another caller
   * has a hold, or if a change takes longer than `patience` milliseconds (by default 30 seconds).
   */
  hold(patience?: number): Promise<Hold>;
  /** Removes this process's entry. Must be called after the index was updated. */
  removeJournalEntry(name: string): Promise<void>;
  /** The journal entries of all processes, dead or alive. */
  unfinished(): Promise<UnfinishedChange[]>;
  /** Names of repositories with a journal entry of any process, dead or alive. */
  journaled(): Promise<string[]>;
  /**
   * Names of repositories with journal entries, but none of a living process. The index of such a repository may be
   * outdated.
   */
  abandonedEntries(): Promise<string[]>;
  /** Changes when a repository is added to the folder or removed from it. */
  stamp(): Promise<string>;
  /** Notes that the folder with this stamp is complete. */
  trust(stamp: string): Promise<void>;
  /** Whether only a registry has added or removed repositories since `trust`. */
  isUntouched(): Promise<boolean>;
  /** Ends this process's part of an entry, but leaves the entry to any process that repairs. */
  leaveJournalEntry(name: string): Promise<void>;
  /**
   * Takes over the journal entries of processes that have ended or stopped. On return, no change that one of these
   * processes began can move refs any more, and their locks and temporary files are gone.
   */
  takeOverEntries(): Promise<void>;
  /**
   * Calls `work` if the repository has journal entries, but none of a living process, and then removes the entries. An
   * interrupted change that another process might still continue can no longer move refs. No new change begins
   * meanwhile. If `work` throws, the entries stay. `repository` is undefined if there is none. Throws `locked`.
   */
  repairEntry<T>(
    name: string,
    work: (repository: Repository | undefined, repair: Repair) => Promise<T>,
  ): Promise<T | undefined>;
  close(): Promise<void>;
}

/** A run of the git program. Git gets a clean environment, without the variables of this process. */
export interface GitRun {
  args: string[];
  cwd?: string;
  env?: Record<string, string>;
  signal?: AbortSignal;
  /**
   * Whether the input comes from a client, which may be slow. Runs with input from a client have slots of their own.
   */
  fed?: boolean;
}

export interface GitChild {
  stdin: NodeJS.WritableStream;
  stdout: Readable;
  /**
   * Settles when git has ended and its output was read. `stderr` has the last bytes of the error output, up to a limit.
   */
  exit: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

export interface GitProgram {
  spawn(run: GitRun): GitChild;
  /**
   * Runs git to the end and collects its output, up to a limit. Throws `git_failed`, with git's error output, if the exit
   * code is neither 0 nor in `allow`.
   */
  run(
    run: GitRun & { input?: Uint8Array; allow?: number[] },
  ): Promise<{ code: number; stdout: Buffer; stderr: string }>;
  /** The runs of this process: how many are open (waiting or running), and how many have begun. */
  readonly runs: Readonly<{ open: number; begun: number }>;
  close(): Promise<void>;
}
