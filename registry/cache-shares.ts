/**
 * The caches, and how they divide `CACHE_BYTES` (docs/decisions/0033-one-cache.md). The numbers are relative to each
 * other.
 */
export const CACHE_SHARES = {
  /** Answers of `git upload-pack`: after a landing, every lab computer sends the same request. */
  fetch_answers: 64,
  /** Whole answers to git's reads, by the request's own bytes. */
  git_requests: 32,
  /** Packs and their indexes, as isomorphic-git keeps them. */
  packs: 64,
  /** The common part of the lists of a lab's computers. */
  sync_catalogues: 64,
  /** Whole histories, for first syncs: every computer of a lab asks for the same ones. */
  histories: 32,
  /** Ids of the objects that are reachable from the refs that a caller may see. */
  reachable: 40,
  /** The different parts of the lists of a lab's computers: bindings and instruments. */
  sync_computers: 32,
  /** What decides who sees a definition, by its name. */
  definition_access: 24,
  /** Who is asking, by token or session. */
  callers: 16,
  /** Signed statements of lists. */
  sync_statements: 16,
  /** Answers to computers whose lists have not changed. */
  sync_unchanged: 16,
  /** Results of the registry's own checks of merge requests. */
  own_checks: 16,
  /** Objects of up to 64 KiB. */
  objects: 8,
  diffs: 8,
  /** Digests of lists. */
  sync_digests: 4,
  /** Bases of the heads of merge requests, and the changes since then. */
  bases: 4,
};
