/** The names of the refs in a definition's repository. No other module spells them out. */

/** The branch whose commits are the versions; HEAD points to it. */
export const MAIN = 'refs/heads/main';

/** The target of a push for review without a branch: one merge request per pusher and definition. */
export const FOR_MAIN = 'refs/for/main';

/** The registry's own record of the definition: id, lab, verdicts. Nobody can fetch refs below `REGISTRY`. */
export const STATE = 'refs/registry/state';
const REGISTRY = 'refs/registry/';
export const isRegistryRef = (ref: string): boolean => ref.startsWith(REGISTRY);

/** Keeps an object to which somebody had moved a ref, after a repair has put the ref back. */
export const keptRef = (oid: string): string => `${REGISTRY}kept/${oid}`;

const BRANCHES = 'refs/heads/';
export const branchRef = (name: string): string => BRANCHES + name;
export const isBranch = (ref: string): boolean => ref.startsWith(BRANCHES);
/** `a/b` of `refs/heads/a/b`; undefined for any other ref. */
export const branchName = (ref: string): string | undefined =>
  isBranch(ref) ? ref.slice(BRANCHES.length) : undefined;

const TAGS = 'refs/tags/';
export const tagRef = (name: string): string => TAGS + name;
export const isTag = (ref: string): boolean => ref.startsWith(TAGS);

/** The tag that lists old versions whose records do not name the definition. */
export const ATTESTED = 'attested';

/** The tag of version `n`, without `refs/tags/`. */
export const versionTag = (n: number): string => `v${n}`;
export const versionRef = (n: number): string => tagRef(versionTag(n));

const VERSION = /^refs\/tags\/v([0-9]+)$/;
/** The number of the version whose tag this is; undefined for any other ref. */
export function versionNumber(ref: string): number | undefined {
  const digits = VERSION.exec(ref)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** True for `main` and the tags, which everybody who sees the definition may fetch. */
export const isVersionRef = (ref: string): boolean =>
  ref === MAIN || ref === tagRef(ATTESTED) || VERSION.test(ref);

const MERGE_REQUESTS = 'refs/merge-requests/';
/** The head of a merge request. */
export const headRef = (id: number): string => `${MERGE_REQUESTS}${id}/head`;
/**
 * The commit that landed a merge request. The ref transaction of the landing creates this ref; until then the
 * head can move.
 */
export const mergeRef = (id: number): string => `${MERGE_REQUESTS}${id}/merge`;

const HEAD = /^refs\/merge-requests\/([0-9]+)\/head$/;
/** The number of the merge request whose head this ref is; undefined for any other ref. */
export function mergeRequestNumber(ref: string): number | undefined {
  const digits = HEAD.exec(ref)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * True for branches and the refs of merge requests, which everybody who may read the definition's reviews may
 * fetch.
 */
export const isReviewRef = (ref: string): boolean =>
  isBranch(ref) || ref.startsWith(MERGE_REQUESTS);
