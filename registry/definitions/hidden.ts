/** Warnings about invisible characters in the files of a definition (see `text/hidden.ts`). */
import { describeHidden, findHidden, HIDDEN_IN_CODE, HIDDEN_IN_LINE } from '../../text/hidden.ts';
import { positions } from './source.ts';
import type { Diagnostic, Files } from './types.ts';

/** The most warnings for one file. Nobody needs to read more. */
const MOST = 50;
/** The size of the largest file that is checked, in bytes. A larger text file holds data that nobody reads. */
const MOST_BYTES = 1 << 20;

/** The hidden characters of a text, each as a `hidden-character` warning. */
export function hiddenCharacters(text: string): Diagnostic[] {
  const found = findHidden(text, HIDDEN_IN_CODE, MOST);
  if (found.length === 0) return [];
  const places = positions(text);
  return found.map(({ at, character }) => ({
    ...places.span(at, at + character.length),
    code: 'hidden-character',
    message: `${describeHidden(character)} is invisible here: remove it, or write it as an escape in a string`,
  }));
}

/** The text of each file that is neither a Python file nor binary. */
export function otherTexts(files: Files): Map<string, string> {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const texts = new Map<string, string>();
  for (const [path, bytes] of files) {
    if (path.endsWith('.py') || bytes.byteLength > MOST_BYTES || bytes.includes(0)) continue;
    try {
      texts.set(path, utf8.decode(bytes));
    } catch (error) {
      // The file is not UTF-8, so pages do not show it as text.
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return texts;
}

/** Describes the first hidden character of a name or title; null if there is none. */
export function hiddenIn(text: string, kind: RegExp = HIDDEN_IN_LINE): string | null {
  const [first] = findHidden(text, kind, 1);
  return first === undefined ? null : describeHidden(first.character);
}
