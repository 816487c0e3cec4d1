/** Warnings of characters in a definition's files that a reader cannot see (see `text/hidden.ts`). */
import { describeHidden, findHidden, HIDDEN_IN_CODE, HIDDEN_IN_LINE } from '../../text/hidden.ts';
import { positions } from './source.ts';
import type { Diagnostic, Files } from './types.ts';

/** A reader who has seen as many in one file needs no more. */
const MOST = 50;
/** Longer files are data: nobody reads them. */
const MOST_BYTES = 1 << 20;

/** Where a text holds hidden characters, each a `hidden-character`. */
export function hiddenCharacters(text: string): Diagnostic[] {
  const found = findHidden(text, HIDDEN_IN_CODE, MOST);
  if (found.length === 0) return [];
  const places = positions(text);
  return found.map(({ at, character }) => ({
    ...places.span(at, at + character.length),
    code: 'hidden-character',
    message: `${describeHidden(character)} is invisible here: take it out, or write it as an escape in a string`,
  }));
}

/** The files beside the Python ones that are text. */
export function otherTexts(files: Files): Map<string, string> {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const texts = new Map<string, string>();
  for (const [path, bytes] of files) {
    if (path.endsWith('.py') || bytes.byteLength > MOST_BYTES || bytes.includes(0)) continue;
    try {
      texts.set(path, utf8.decode(bytes));
    } catch (error) {
      // Not UTF-8: no text that can be shown.
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return texts;
}

/** The first hidden character of a name or a title in words; null where there is none. */
export function hiddenIn(text: string, kind: RegExp = HIDDEN_IN_LINE): string | null {
  const [first] = findHidden(text, kind, 1);
  return first === undefined ? null : describeHidden(first.character);
}
