/**
 * Warnings about misleading text in a push: hidden characters, look-alike names, git-lfs pointers. A push with such
 * warnings is still accepted.
 */
import type { Commit } from '../../../repos/types.ts';
import { HIDDEN_IN_PROSE } from '../../../text/hidden.ts';
import { hiddenIn } from '../../definitions/hidden.ts';
import type { Diagnostic } from '../../definitions/types.ts';
import { mainFile } from '../content/files.ts';

const MISLEADING = ['hidden-character', 'look-alike', 'lfs-pointer'];

/**
 * Selects the warnings of a validation that are about misleading text. Each line has the form `file:line:column:
 * message`.
 */
export function misleading(name: string, warnings: readonly Diagnostic[]): string[] {
  return warnings
    .filter(({ code }) => MISLEADING.includes(code))
    .map(
      ({ file, line, column, message }) =>
        `${file ?? mainFile(name)}:${line}:${column}: ${message}`,
    );
}

/** One warning for each hidden character in the message or author of a commit. */
export function hiddenInCommits(commits: readonly Commit[]): string[] {
  return commits.flatMap(({ oid, author, message }) => {
    const inAuthor = hiddenIn(author.name) ?? hiddenIn(author.email);
    const inMessage = hiddenIn(message, HIDDEN_IN_PROSE);
    return [
      ...(inAuthor === null ? [] : [`the name of its author contains ${inAuthor}`]),
      ...(inMessage === null ? [] : [`its message contains ${inMessage}`]),
    ].map((what) => `commit ${oid.slice(0, 10)}: ${what}, which is invisible`);
  });
}
