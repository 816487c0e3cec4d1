/** Facts that the refs of a repository state by themselves: its versions, what is proposed, what has landed. */
import type { Oid, Refs } from '../../../repos/types.ts';
import { headRef, mergeRef, mergeRequestNumber, versionNumber } from '../../../text/refs.ts';

/** The numbers of the versions, by their commits. */
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

/** What landed of a merge request; undefined until it is merged. */
export function findLanded(refs: Refs, id: number): Landed | undefined {
  const head = refs.get(headRef(id))?.oid;
  const version = versionsByCommit(refs).get(refs.get(mergeRef(id))?.oid ?? '');
  return head === undefined || version === undefined ? undefined : { id, head, version };
}

/** What landed of the merge request whose head is this commit; undefined where none has it or none is merged. */
export function findLandedFrom(refs: Refs, head: Oid | null): Landed | undefined {
  for (const { id, oid } of headsIn(refs)) {
    const landed = oid === head ? findLanded(refs, id) : undefined;
    if (landed) return landed;
  }
  return undefined;
}

/** The newest merge request's head: what a definition without versions is going to be. */
export function newestProposal(refs: Refs): Oid | null {
  return headsIn(refs).sort((a, b) => b.id - a.id)[0]?.oid ?? null;
}

/** The heads of the merge requests that git has, in any order. */
export function headsIn(refs: Refs): { id: number; oid: Oid }[] {
  return [...refs].flatMap(([ref, { oid }]) => {
    const id = mergeRequestNumber(ref);
    return id === undefined ? [] : [{ id, oid }];
  });
}
