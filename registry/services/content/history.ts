/**
 * Reads versions, merge requests and landings from the refs of a repository, and finds the commits of a head that
 * belong to no version.
 */
import type { Commit, ObjectReader, Oid, Refs } from '../../../repos/types.ts';
import { headRef, mergeRef, mergeRequestNumber, versionNumber } from '../../../text/refs.ts';

/** The version number of each commit that is a version. */
export function versionsByCommit(refs: Refs): Map<Oid, number> {
  const versions = new Map<Oid, number>();
  for (const [ref, { peeled }] of refs) {
    const version = versionNumber(ref);
    if (version !== undefined && peeled) versions.set(peeled, version);
  }
  return versions;
}

export interface Landed {
  /** The merge request's number. */
  id: number;
  /** The head that landed. */
  head: Oid;
  version: number;
}

/** The landing of a merge request. Undefined if the merge request is not merged. */
export function findLanded(refs: Refs, id: number): Landed | undefined {
  const head = refs.get(headRef(id))?.oid;
  const version = versionsByCommit(refs).get(refs.get(mergeRef(id))?.oid ?? '');
  return head === undefined || version === undefined ? undefined : { id, head, version };
}

/** The landing of the merge request with this head. Undefined if no merged merge request has this head. */
export function findLandedFrom(refs: Refs, head: Oid | null): Landed | undefined {
  for (const { id, oid } of headsIn(refs)) {
    const landed = oid === head ? findLanded(refs, id) : undefined;
    if (landed) return landed;
  }
  return undefined;
}

/** The head of the newest merge request. A definition without versions shows the content of this head. */
export function newestProposal(refs: Refs): Oid | null {
  return headsIn(refs).sort((a, b) => b.id - a.id)[0]?.oid ?? null;
}

/** The heads of all merge requests in the refs, in any order. */
export function headsIn(refs: Refs): { id: number; oid: Oid }[] {
  return [...refs].flatMap(([ref, { oid }]) => {
    const id = mergeRequestNumber(ref);
    return id === undefined ? [] : [{ id, oid }];
  });
}

/** The most commits that a merge request may have. */
export const MOST_COMMITS = 500;

/**
 * The commits that are reachable from `head` and from no version, parents before children. Reading stops after
 * `MOST_COMMITS` + 1 commits, which are then in no particular order.
 */
export async function commitsBeyondVersions(
  objects: Pick<ObjectReader, 'readCommit'>,
  refs: Refs,
  head: Oid,
): Promise<Commit[]> {
  const found = new Map<Oid, Commit>();
  const isVersion = versionsByCommit(refs);
  const waiting = [head];
  for (let oid = waiting.pop(); oid !== undefined; oid = waiting.pop()) {
    if (isVersion.has(oid) || found.has(oid)) continue;
    const commit = await objects.readCommit(oid);
    found.set(oid, commit);
    if (found.size > MOST_COMMITS) return [...found.values()];
    waiting.push(...commit.parents);
  }
  return parentsFirst(found, head);
}

/** The newest version that is a parent of one of the commits. Undefined if the commits share no history with `main`. */
export function baseOf(
  refs: Refs,
  main: Oid | null,
  commits: readonly Commit[],
): Oid | null | undefined {
  if (main === null) return null;
  const versions = versionsByCommit(refs);
  const numbered = commits
    .flatMap(({ parents }) => parents)
    .map((commit) => ({ commit, version: versions.get(commit) ?? 0 }))
    .sort((a, b) => b.version - a.version);
  return numbered[0]?.version ? numbered[0].commit : undefined;
}

function parentsFirst(found: ReadonlyMap<Oid, Commit>, head: Oid): Commit[] {
  const ordered = new Map<Oid, Commit>();
  const stack = [{ oid: head, ready: false }];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const commit = found.get(at.oid);
    if (!commit || ordered.has(at.oid)) continue;
    if (at.ready) ordered.set(at.oid, commit);
    else {
      stack.push({ oid: at.oid, ready: true });
      for (const oid of commit.parents.toReversed()) stack.push({ oid, ready: false });
    }
  }
  return [...ordered.values()];
}
