/**
 * What the caches hold, and how they divide `CACHE_BYTES` (docs/decisions/0033-one-cache.md). Each number is a part in
 * relation to the others; with the default of 320 MiB it is in MiB.
 */
export const CACHE_SHARES = {
  /** Answers of `git upload-pack`: after a landing every lab computer asks for the same. */
  fetch_answers: 64,
  /** Packs and their indexes, as isomorphic-git holds them. */
  packs: 64,
  /** What the computers of a lab share in their lists. */
  sync_catalogues: 64,
  /** Object ids that the refs reach that a caller may see. */
  reachable: 40,
  /** What differs in the lists of a lab's computers: bindings and instruments. */
  sync_computers: 32,
  /** Signed statements of lists. */
  sync_statements: 16,
  /** Checks of merge requests by the registry itself. */
  own_checks: 16,
  /** Objects of up to 64 KiB. */
  objects: 8,
  diffs: 8,
  /** Digests of lists. */
  sync_digests: 4,
  /** What heads of merge requests are based on and what they change. */
  bases: 4,
};
