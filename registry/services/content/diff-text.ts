/** Shows the differences between commits as text. */
import type { Oid, Repository } from '../../../repos/types.ts';
import { decodePart, partsOf } from '../../definitions/diff-text.ts';
import { encodingOfSource } from '../../definitions/source.ts';

/**
 * The unified diff of two commits. Each side of a file is decoded in the encoding that this side declares. If `from` is
 * null, every file counts as new.
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
