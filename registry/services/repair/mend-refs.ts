/**
 * Puts `main` and the tags of versions back if somebody moved them with git. The index says which tag each version has, and
 * the name of an object is the hash of its content, so nothing else can be put in its place. A ref that is moved or deleted
 * stays reachable under `refs/registry/kept/`.
 */
import { RepositoryError } from '../../../repos/errors.ts';
import type { GitProgram, Oid, Refs, RefUpdate, Repository } from '../../../repos/types.ts';
import { keptRef, MAIN, versionNumber, versionRef } from '../../../text/refs.ts';
import { parseRecord, RecordError, strangeness } from '../../definitions/record.ts';
import { judgeSignature, type SigningKey } from '../../signing/allowed-signers.ts';
import { everything, findSummary } from '../../store/definitions.ts';
import { tagsOfVersions } from '../../store/versions.ts';
import type { LandingDeps } from '../deps.ts';

export interface MendDeps extends LandingDeps {
  git: GitProgram;
}

/** Returns what was done, in words. Moves nothing if an object is missing, because a backup may have it. */
export async function mendRefs(
  { store, repositories, git }: MendDeps,
  repository: Repository,
  keys: readonly SigningKey[],
): Promise<string[]> {
  const { name } = repository;
  const row = await findSummary(store.em(), name, everything);
  if (!row) return [];
  const known = await tagsOfVersions(store.em(), row.id);
  const wanted = new Map<string, Oid>(known.map(({ version, tag }) => [versionRef(version), tag]));
  let last = known.at(-1);
  const refs = await repository.refs();
  for (const n of numbersIn(refs)) {
    const ref = versionRef(n);
    if (wanted.has(ref)) continue;
    if (n < (last?.version ?? 0)) {
      // The index has lost the row of an old version, and says nothing about its tag.
      wanted.set(ref, refs.get(ref)?.oid as Oid);
      continue;
    }
    // Versions that the index does not have yet stay if the registry signed them for this definition.
    const landed = await genuine(repository, row.id, n, keys);
    if (landed === undefined || n !== (last?.version ?? 0) + 1) break;
    wanted.set(ref, landed.tag);
    last = { version: n, ...landed };
  }
  if (last !== undefined) wanted.set(MAIN, last.commit);
  const moved = [...new Set([...wanted.keys(), ...refs.keys()])].filter(
    (ref) =>
      (ref === MAIN || versionNumber(ref) !== undefined) && refs.get(ref)?.oid !== wanted.get(ref),
  );
  if (moved.length === 0) return [];
  const updates = moved.map((ref) => ({
    ref,
    from: refs.get(ref)?.oid ?? null,
    to: wanted.get(ref) ?? null,
  }));
  if (!(await isComplete(git, repository, updates))) return [];
  const kept = updates.flatMap(({ from }) =>
    from === null || refs.has(keptRef(from)) ? [] : [{ ref: keptRef(from), from: null, to: from }],
  );
  const once = new Map(kept.map((update) => [update.ref, update]));
  await repositories.addJournalEntry(name);
  try {
    await repository.updateRefs([...updates, ...once.values()]);
  } finally {
    await repositories.removeJournalEntry(name);
  }
  return updates.map(({ ref, from, to }) =>
    to === null
      ? `${ref} was not made by the registry: removed, and kept as ${keptRef(from ?? '')}`
      : `${ref} put back to ${to}${from === null ? '' : `; ${from} is kept as ${keptRef(from)}`}`,
  );
}

/** The numbers of the tags of versions, in order. */
const numbersIn = (refs: Refs): number[] =>
  [...refs.keys()].flatMap((ref) => versionNumber(ref) ?? []).sort((a, b) => a - b);

/** Whether git finds every object that these refs would reach. The registry's own reader may have it in memory only. */
async function isComplete(
  git: GitProgram,
  { path }: Repository,
  updates: readonly RefUpdate[],
): Promise<boolean> {
  const wanted = updates.flatMap(({ to }) => (to === null ? [] : [to]));
  if (wanted.length === 0) return true;
  try {
    const args = ['rev-list', '--objects', '--quiet', '--end-of-options', ...wanted];
    await git.run({ cwd: path, env: { GIT_DIR: path }, args });
    return true;
  } catch (error) {
    if (error instanceof RepositoryError && error.code === 'git_failed') return false;
    throw error;
  }
}

async function genuine(
  repository: Repository,
  id: number,
  n: number,
  keys: readonly SigningKey[],
): Promise<{ tag: Oid; commit: Oid } | undefined> {
  try {
    const version = await repository.version(n);
    if (version === undefined || judgeSignature(version, keys).fault !== null) return undefined;
    const { commit, tag, record } = version;
    const whose = { id, name: repository.name, version: n, commit };
    return strangeness(parseRecord(record), whose) === null ? { tag, commit } : undefined;
  } catch (error) {
    // Not a tag, or not a record: `fsck` says so.
    if (error instanceof RepositoryError || error instanceof RecordError) return undefined;
    throw error;
  }
}
