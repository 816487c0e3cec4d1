/** Computes the base and the changes of a head from git. Decisions never use the copies of both in the database. */
import type { Caches } from '../../../repos/caches.ts';
import type { Oid, Refs, Repository } from '../../../repos/types.ts';
import { MAIN } from '../../../text/refs.ts';
import { changesKey } from '../../definitions/merge.ts';
import { baseOf, commitsBeyondVersions } from '../content/history.ts';
import { changesAgainst } from './examine.ts';
import { isGone } from './is-gone.ts';

export interface BuiltOn {
  /** The newest version in the head's history. Null if the definition has no version. */
  base: Oid | null;
  /** The key of the list of changes between the base and the head. */
  changes: string;
}

/** Throws `RepositoryError` `object_not_found` if git no longer has the head. */
export async function builtOn(caches: Caches, repository: Repository, head: Oid): Promise<BuiltOn> {
  // One reading of the refs gives the key and the answer, because `main` can move at any time.
  const refs = await repository.refs();
  const main = refs.get(MAIN)?.oid ?? null;
  // Versions are on `main`, so the base of a head changes only when `main` moves.
  const key = `${repository.path} ${main} ${head}`;
  const bases = caches.open<BuiltOn>('bases', ({ changes }) => changes.length);
  return await bases.load(key, () => readBuiltOn(repository, refs, main, head));
}

/** The key of the changes of a head. Null if git no longer has the head. */
export async function changesAt(
  caches: Caches,
  repository: Repository,
  head: Oid,
): Promise<string | null> {
  try {
    return (await builtOn(caches, repository, head)).changes;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

async function readBuiltOn(
  repository: Repository,
  refs: Refs,
  main: Oid | null,
  head: Oid,
): Promise<BuiltOn> {
  const commits = await commitsBeyondVersions(repository, refs, head);
  // A head without commits of its own is a version itself.
  const base = commits.length === 0 ? head : (baseOf(refs, main, commits) ?? null);
  return { base, changes: changesKey(await changesAgainst(repository, base, head)) };
}
