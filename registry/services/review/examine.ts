/** Reads the changes and the authors of proposed commits. */
import type { Commit, ObjectReader, Oid } from '../../../repos/types.ts';
import { mailboxOf } from '../../access/review/mailbox.ts';
import { changesKey, changesOf, type PathChange, type Tree } from '../../definitions/merge.ts';
import type { NewHead } from '../../store/merge-requests.ts';

export type Examined = Omit<NewHead, 'pushed_by' | 'edits'>;

/** The paths of a commit, each with its mode and blob. Empty if `commit` is null. */
export async function treeOf(objects: ObjectReader, commit: Oid | null): Promise<Tree> {
  const entries = commit === null ? [] : await objects.files(commit);
  return new Map(entries.map(({ path, mode, oid }) => [path, `${mode}:${oid}`]));
}

/** The changes of `head` against `base`, by path. */
export async function changesAgainst(
  objects: ObjectReader,
  base: Oid | null,
  head: Oid,
): Promise<PathChange[]> {
  return changesOf(await treeOf(objects, base), await treeOf(objects, head));
}

/** Reads what the database keeps of a new head. `commits` are the commits of `head` that are not on `main`. */
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
    authors: [...new Set(commits.flatMap(authorsOf).map(({ email }) => mailboxOf(email)))],
  };
}

interface Author {
  name: string;
  email: string;
}

/** The author of a commit and the co-authors in its message. */
export function authorsOf({ author, message }: Pick<Commit, 'author' | 'message'>): Author[] {
  // A line that begins with white space continues the line before it.
  const lines = message.replace(/\r?\n[ \t]+/g, ' ').split('\n');
  return [{ name: author.name, email: author.email }, ...lines.flatMap(coAuthor)];
}

/**
 * Parses the trailer `Co-authored-by`, as GitHub and GitLab use it, in the format of git-interpret-trailers(1). The
 * code uses no regular expression on the whole line, because a pushed line with thousands of spaces once made such an
 * expression run for minutes.
 */
function coAuthor(line: string): Author[] {
  const [field = ''] = line.split(':', 1);
  if (field.trim().toLowerCase() !== 'co-authored-by') return [];
  const open = line.lastIndexOf('<');
  const close = line.lastIndexOf('>');
  const email = line.slice(open + 1, Math.max(close, open + 1)).trim();
  if (open < 0 || email === '') return [];
  return [{ name: line.slice(field.length + 1, open).trim(), email }];
}
