/** The caches of the git layer. */
import type { Cache, Caches } from './caches.ts';
import type { StoredObject } from './cat-file.ts';
import { FetchAnswers } from './serve/fetch-answers.ts';
import type { HeldPacks } from './small-packs.ts';
import type { Oid } from './types.ts';

export interface GitCaches {
  /** Small objects, by objects folder and id. */
  objects: Cache<StoredObject>;
  /** By objects folder. */
  packs: Cache<HeldPacks>;
  /** Diffs by the two commits, which never change. */
  diffs: Cache<Buffer>;
  /** By refs, caller and kind of object. */
  reachable: Cache<ReadonlySet<Oid>>;
  answers: FetchAnswers;
  /** Whole histories for first syncs, by the state of the refs. */
  histories: Cache<Buffer>;
  /** Whole answers to reads, by the state of the refs, the caller's view and the bytes of the request. */
  requests: Cache<Buffer> | undefined;
}

/** The bytes that V8 needs for an id of 40 characters in a set. */
const ID_BYTES = 100;

/** Without `keepsAnswers` every request of git is answered anew. */
export function openGitCaches(caches: Caches, { keepsAnswers = true } = {}): GitCaches {
  const answers = (name: string) =>
    keepsAnswers ? caches.open<Buffer>(name, ({ length }) => length) : undefined;
  return {
    objects: caches.open('objects', ({ bytes }) => bytes.length),
    // An entry grows with the packs of its repository. With a limit of a quarter, a growing entry would be dropped and
    // read again and again.
    packs: caches.open('packs', ({ bytes }) => bytes, { largest: 1 }),
    diffs: caches.open('diffs', (diff) => diff.length),
    reachable: caches.open('reachable', (ids) => ID_BYTES * ids.size),
    histories: caches.open('histories', ({ length }) => length),
    answers: new FetchAnswers(answers('fetch_answers')),
    requests: answers('git_requests'),
  };
}
