/**
 * All caches, and how they share `CACHE_BYTES` (docs/decisions/0033-one-cache.md). The number of a cache is its share
 * of the memory, relative to the numbers of the others.
 */
export const CACHE_SHARES = {
  /** Answers of `git upload-pack`. After a landing, every lab computer sends the same request. */
  fetch_answers: 64,
  /** Whole answers to reads by git clients. The key contains the bytes of the request. */
  git_requests: 32,
  /** Packs and their indexes that isomorphic-git has read. */
  packs: 64,
  /** The part that the lists of all computers of a lab have in common. */
  sync_catalogues: 64,
  /** Bundles of whole histories, for first syncs. Every computer of a lab needs the same bundles. */
  histories: 32,
  /** Ids of the objects that are reachable from the refs that a caller may see. */
  reachable: 40,
  /** The part of a computer's list that other computers do not have: bindings and instruments. */
  sync_computers: 32,
  /** The data that decides who sees a definition, by the definition's name. */
  definition_access: 24,
  /** The callers behind tokens and sessions. */
  callers: 16,
  /** Signed statements about lists. */
  sync_statements: 16,
  /** Answers to computers whose lists have not changed. */
  sync_unchanged: 16,
  /** Results of the registry's own checks of merge requests. */
  own_checks: 16,
  /** Git objects of up to 64 KiB. */
  objects: 8,
  diffs: 8,
  /** Digests of computers' lists. */
  sync_digests: 4,
  /** The bases of merge requests' heads, and the changes from base to head. */
  bases: 4,
};
