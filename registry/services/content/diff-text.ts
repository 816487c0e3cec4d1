/** Differences between commits as text. */
import type { Oid, Repository } from '../../../repos/types.ts';
import { decodePart, partsOf } from '../../definitions/diff-text.ts';
import { encodingOfSource } from '../../definitions/source.ts';

/**
 * Unified diff of two commits, each file decoded in the encoding that it declares on each side; null is the
 * empty tree.
 */
export async function diffText(repository: Repository, from: Oid | null, to: Oid): Promise<string> {
  const diff = await repository.diff(from, to);
  const encodingIn = async (commit: Oid | null, path: string | null) => {
    const bytes =
      commit === null || path === null ? undefined : await repository.readFile(commit, path);
    return bytes && encodingOfSource(bytes);
  };
  let text = '';
  for (const part of partsOf(diff)) {
    const before = await encodingIn(from, part.before);
    const after = (await encodingIn(to, part.after)) ?? before ?? 'utf-8';
    text += decodePart(diff.subarray(part.from, part.to), { before: before ?? after, after });
  }
  return text;
}
