/** The caches of the git layer. */
import type { Cache, Caches } from './caches.ts';
import type { StoredObject } from './cat-file.ts';
import { FetchAnswers } from './serve/fetch-answers.ts';
import type { HeldPacks } from './small-packs.ts';
import type { Oid } from './types.ts';

export interface GitCaches {
  /** Small objects. The key is the objects folder and the id. */
  objects: Cache<StoredObject>;
  /** Packs that isomorphic-git has read. The key is the objects folder. */
  packs: Cache<HeldPacks>;
  /** Diffs. The key is the two commits, which never change. */
  diffs: Cache<Buffer>;
  /** Ids of the objects that a caller can reach. The key is the refs, the caller and the kind of object. */
  reachable: Cache<ReadonlySet<Oid>>;
  answers: FetchAnswers;
  /** Bundles of whole histories, for the first syncs of lab computers. The key is the state of the refs. */
  histories: Cache<Buffer>;
  /**
   * Whole answers to reads: a short answer as text in Latin-1, a longer one as bytes. The key is the state of the refs,
   * the caller's view and the bytes of the request.
   */
  requests: Cache<Buffer | string> | undefined;
}

/** The bytes that V8 needs for an id of 40 characters in a set. */
const ID_BYTES = 100;

/** If `keepsAnswers` is false, no answer to a git client is cached. */
export function openGitCaches(caches: Caches, { keepsAnswers = true } = {}): GitCaches {
  const answers = <V extends Buffer | string>(name: string) =>
    keepsAnswers ? caches.open<V>(name, ({ length }) => length) : undefined;
  return {
    objects: caches.open('objects', ({ bytes }) => bytes.length),
    // An entry grows with the packs of its repository. If an entry could take only a quarter of the cache, a growing
    // entry would be dropped and read again repeatedly.
    packs: caches.open('packs', ({ bytes }) => bytes, { largest: 1 }),
    diffs: caches.open('diffs', (diff) => diff.length),
    reachable: caches.open('reachable', (ids) => ID_BYTES * ids.size),
    histories: caches.open('histories', ({ length }) => length),
    answers: new FetchAnswers(answers('fetch_answers')),
    requests: answers('git_requests'),
  };
}
