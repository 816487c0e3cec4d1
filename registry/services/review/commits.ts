import type { Commit, ObjectReader, Oid, Refs } from '../../../repos/types.ts';
import { versionsByCommit } from '../content/refs.ts';

/** A longer history belongs elsewhere. */
export const MOST_COMMITS = 500;

/**
 * What `head` reaches and no version does: parents before children. No more than one beyond `MOST_COMMITS` are read,
 * and then their order means nothing.
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

/** The newest version that the commits are built on; undefined where they share nothing with `main`. */
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
