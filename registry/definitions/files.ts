/** Reads and writes the files of a definition as text. */

import { DefinitionError } from './errors.ts';
import { decodeSource, encodeSource, hasBom, typedSource, wholeCharacters } from './source.ts';
import type { Diagnostic, Files } from './types.ts';

/** The path of the main file, which contains the class and is in the root folder. */
export const mainFile = (name: string): string => `${name}.py`;

/**
 * The text of a Python file in its own encoding. If the encoding cannot decode the file, the bytes are read as UTF-8
 * with U+FFFD for invalid bytes.
 */
export function textOf(bytes: Uint8Array): string {
  try {
    return decodeSource(bytes).text;
  } catch (error) {
    if (error instanceof DefinitionError) return new TextDecoder('utf-8').decode(bytes);
    throw error;
  }
}

/** The text of a file as the API shows it: a Python file in its own encoding, any other file as UTF-8. */
export function shownText(path: string, bytes: Uint8Array): string {
  return path.endsWith('.py')
    ? textOf(bytes)
    : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/**
 * The bytes to store for a file that was saved as `text`. If the text is unchanged, the file keeps its bytes. Otherwise
 * a Python file is written in the encoding that it declares, with the byte order mark that the file had.
 * @throws DefinitionError if the encoding lacks a character or is unknown, or for half of a surrogate pair
 */
export function savedBytes(path: string, text: string, before: Uint8Array | undefined): Uint8Array {
  if (before && shownText(path, before) === text) return before;
  if (!path.endsWith('.py')) return new TextEncoder().encode(wholeCharacters(text));
  const typed = typedSource(text);
  const bom = typed.bom || (typed.encoding === 'utf-8' && before !== undefined && hasBom(before));
  return encodeSource(typed.text, { ...typed, bom });
}

/** The files with `changes` applied; null deletes a file. */
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

/**
 * The most bytes of Python in a definition. There is a limit because checking one byte can take some microseconds. A
 * definition is one class and rarely has more than 50 KB.
 */
const MAX_SOURCE_BYTES = 2 << 20;

export interface SourceFiles {
  /** The text of every Python file that could be decoded, by path; up to 2 MiB in total. */
  readonly texts: ReadonlyMap<string, string>;
  /** Why a Python file was not read, by path. */
  readonly errors: ReadonlyMap<string, readonly Diagnostic[]>;
}

/** Decodes the Python files of a definition. Never throws. */
export function readSources(files: Files): SourceFiles {
  const texts = new Map<string, string>();
  const errors = new Map<string, readonly Diagnostic[]>();
  let total = 0;
  for (const [path, bytes] of files) {
    if (!path.endsWith('.py')) continue;
    total += bytes.byteLength;
    if (total > MAX_SOURCE_BYTES) {
      const message = `With this file, the Python files have ${total} bytes together, but the registry reads at most ${MAX_SOURCE_BYTES} bytes`;
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

/** The modules other than the main file, without tests. */
export function siblingsOf<Source>(
  main: string,
  texts: ReadonlyMap<string, Source>,
): ReadonlyMap<string, Source> {
  return new Map([...texts].filter(([path]) => path !== main && !path.startsWith('tests/')));
}
