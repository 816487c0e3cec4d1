/**
 * The refs of a repository at a moment between two backups. Versions and states have their times in git. Other refs (heads
 * of merge requests, branches) have none, so they stay as they were in the earlier backup
 * (docs/decisions/0051-a-moment-between-backups.md).
 */
import { countVersions, STATE_FILE } from '../../../repos/landing.ts';
import type { Oid, Repository } from '../../../repos/types.ts';
import { headRef, MAIN, mergeRef, STATE, versionNumber, versionRef } from '../../../text/refs.ts';
import { parseRecord, parseState } from '../../definitions/record.ts';

/**
 * @param repository has the refs of the later backup
 * @param before the refs of the earlier backup; undefined if it does not have the repository
 * @returns the refs at `at`. Undefined if the repository had no version then and is not in the earlier backup, or if it was
 * deleted and created again between the backups.
 */
export async function refsAt(
  repository: Repository,
  before: ReadonlyMap<string, Oid> | undefined,
  at: Date,
): Promise<Map<string, Oid> | undefined> {
  const now = await repository.refs();
  const refs = new Map(before);
  const known = [...refs.keys()].filter((ref) => versionNumber(ref) !== undefined).length;
  const keep = (ref: string) => {
    const oid = now.get(ref)?.oid;
    if (oid !== undefined) refs.set(ref, oid);
  };
  for (let n = known + 1; n <= countVersions(now); n++) {
    const version = await repository.version(n);
    if (version === undefined) break;
    const { landed_at, merge_request } = parseRecord(version.record);
    if (new Date(landed_at) > at) break;
    refs.set(MAIN, version.commit);
    keep(versionRef(n));
    if (merge_request === null) continue;
    keep(headRef(merge_request));
    keep(mergeRef(merge_request));
  }
  if (!refs.has(versionRef(1)) && before === undefined) return undefined;
  const state = await stateAt(repository, before?.get(STATE), at);
  return state === undefined ? undefined : refs.set(STATE, state);
}

/** The newest state until `at`, but not one before `earliest`. Undefined if `earliest` is not among the states. */
async function stateAt(
  repository: Repository,
  earliest: Oid | undefined,
  at: Date,
): Promise<Oid | undefined> {
  let found: Oid | undefined;
  let oid = (await repository.refs()).get(STATE)?.oid;
  while (oid !== undefined) {
    const { committer, parents } = await repository.readCommit(oid);
    // Git stores times to the second, and the state has the exact time of its last change.
    if (found === undefined && committer.at <= at) {
      const text = await repository.readFile(oid, STATE_FILE);
      if (new Date(parseState(Buffer.from(text ?? '').toString()).updated_at) <= at) found = oid;
    }
    if (oid === earliest) return found ?? oid;
    if (found !== undefined && earliest === undefined) return found;
    oid = parents[0];
  }
  return undefined;
}
