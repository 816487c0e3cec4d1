/** A definition's files as texts. */

import { DefinitionError } from './errors.ts';
import { decodeSource } from './source.ts';
import type { Diagnostic, Files } from './types.ts';

export interface SourceFiles {
  /** Every Python file that could be decoded, by path. */
  readonly texts: ReadonlyMap<string, string>;
  /** Why the others could not, by path. */
  readonly errors: ReadonlyMap<string, readonly Diagnostic[]>;
}

/** Decodes the Python files among a definition's files; never throws. */
export function readSources(files: Files): SourceFiles {
  const texts = new Map<string, string>();
  const errors = new Map<string, readonly Diagnostic[]>();
  for (const [path, bytes] of files) {
    if (!path.endsWith('.py')) continue;
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
