/** What a proposed commit changes, and who wrote it. */
import type { Commit, ObjectReader, Oid } from '../../../repos/types.ts';
import { changesKey, changesOf, type PathChange, type Tree } from '../../definitions/merge.ts';
import type { NewHead } from '../../store/merge-requests.ts';

export type Examined = Omit<NewHead, 'pushed_by'>;

/** The paths of a commit, each with mode and blob; no commit has none. */
export async function treeOf(objects: ObjectReader, commit: Oid | null): Promise<Tree> {
  const entries = commit === null ? [] : await objects.files(commit);
  return new Map(entries.map(({ path, mode, oid }) => [path, `${mode}:${oid}`]));
}

/** What `head` changes against `base`, by path. */
export async function changesAgainst(
  objects: ObjectReader,
  base: Oid | null,
  head: Oid,
): Promise<PathChange[]> {
  return changesOf(await treeOf(objects, base), await treeOf(objects, head));
}

/** `commits` are those that `head` has and `main` has not. */
export async function examine(
  objects: ObjectReader,
  base: Oid | null,
  head: Oid,
  commits: readonly Commit[],
): Promise<Examined> {
  return {
    head,
    base,
    changes: changesKey(await changesAgainst(objects, base, head)),
    authors: [...new Set(commits.flatMap(authorsOf).map(({ email }) => email.toLowerCase()))],
  };
}

/** Shape: git-interpret-trailers(1); the field is GitHub's and GitLab's. */
const CO_AUTHOR = /^co-authored-by:\s*(.*?)\s*<([^<>]+)>\s*$/gim;

/** Who wrote a commit: its author, then those that its message names. */
export function authorsOf({ author, message }: Commit): { name: string; email: string }[] {
  const others = [...message.matchAll(CO_AUTHOR)].map(([, name = '', email = '']) => ({
    name,
    email,
  }));
  return [{ name: author.name, email: author.email }, ...others];
}
