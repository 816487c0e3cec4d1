/** A definition's files as texts. */

import { DefinitionError } from './errors.ts';
import { decodeSource, encodeSource, hasBom, typedSource, wholeCharacters } from './source.ts';
import type { Diagnostic, Files } from './types.ts';

/** The file at the root that holds the class. */
export const mainFile = (name: string): string => `${name}.py`;

/** The text of a Python file as its own encoding says; where it cannot be decoded, UTF-8 with U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  try {
    return decodeSource(bytes).text;
  } catch (error) {
    if (error instanceof DefinitionError) return new TextDecoder('utf-8').decode(bytes);
    throw error;
  }
}

/** A file's text as the API shows it: Python by its own encoding, everything else as UTF-8. */
export function shownText(path: string, bytes: Uint8Array): string {
  return path.endsWith('.py')
    ? textOf(bytes)
    : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/**
 * The bytes of a file after it was saved as `text`. What is saved as it was shown stays as it is, whatever its encoding; other text of
 * a Python file is written as its cookie says, with the byte order mark that the file had.
 * @throws DefinitionError where the encoding lacks a character, or is unknown, and for half of a character
 */
export function savedBytes(path: string, text: string, before: Uint8Array | undefined): Uint8Array {
  if (before && shownText(path, before) === text) return before;
  if (!path.endsWith('.py')) return new TextEncoder().encode(wholeCharacters(text));
  const typed = typedSource(text);
  const bom = typed.bom || (typed.encoding === 'utf-8' && before !== undefined && hasBom(before));
  return encodeSource(typed.text, { ...typed, bom });
}

/** The files with `changes` laid over them; null takes one away. */
export function withChanges(
  files: Files,
  changes: ReadonlyMap<string, Uint8Array | null>,
): Map<string, Uint8Array> {
  const merged = new Map(files);
  for (const [path, content] of changes) {
    if (content === null) merged.delete(path);
    else merged.set(path, content);
  }
  return merged;
}

/** A byte can cost some microseconds to judge; a definition is one class, rarely of more than 50 KB. */
const MAX_SOURCE_BYTES = 2 << 20;

export interface SourceFiles {
  /** Every Python file that could be decoded, by path, as far as all of them are within 2 MiB. */
  readonly texts: ReadonlyMap<string, string>;
  /** Why the others could not, by path. */
  readonly errors: ReadonlyMap<string, readonly Diagnostic[]>;
}

/** Decodes the Python files among a definition's files; never throws. */
export function readSources(files: Files): SourceFiles {
  const texts = new Map<string, string>();
  const errors = new Map<string, readonly Diagnostic[]>();
  let total = 0;
  for (const [path, bytes] of files) {
    if (!path.endsWith('.py')) continue;
    total += bytes.byteLength;
    if (total > MAX_SOURCE_BYTES) {
      const message = `The Python files up to this one have ${total} bytes; ${MAX_SOURCE_BYTES} are read in all`;
      errors.set(path, [
        { line: 1, column: 1, end_line: 1, end_column: 1, code: 'too-large', message },
      ]);
      continue;
    }
    try {
      texts.set(path, decodeSource(bytes).text);
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      errors.set(path, error.diagnostics);
    }
  }
  return { texts, errors };
}

/** The modules beside the main file, tests aside. */
export function siblingsOf<Source>(
  main: string,
  texts: ReadonlyMap<string, Source>,
): ReadonlyMap<string, Source> {
  return new Map([...texts].filter(([path]) => path !== main && !path.startsWith('tests/')));
}
