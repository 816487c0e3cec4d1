/** Recognises the Python files of a folder by their bytes, because labs keep code under any file extension or none. */
import { DefinitionError } from '../errors.ts';
import { decodeSource } from '../source.ts';
import { parseModule } from '../syntax.ts';
import { verdictOf } from '../verdict.ts';
import { basename } from './paths.ts';

export type Content =
  | { kind: 'python'; text: string }
  /** A file that code may read when it runs. */
  | { kind: 'data'; reason?: string }
  | { kind: 'unreadable'; reason: string; line?: number; column?: number };

/** Names of files that are not imported although they may parse as Python, each with advice. */
const NOT_CODE: readonly (readonly [RegExp, string])[] = [
  [
    /~$|^#.*#$|^\.#|\.(sw[a-p]|bak|bck|backup|orig|rej|old|save|tmp|temp|part|dpkg-\w+|rpm\w+)$/i,
    'left behind by an editor or a merge: rename it to import it',
  ],
  [
    /\.pyw?[^\w\s]?[-_. ]?(bak|old|orig|rej|backup|save|copy|disabled|off|\d+)\b/i,
    'a backup, going by its name: rename it to import it',
  ],
  [/\.pyi$/i, 'a stub: it has no code'],
  [/\.(pyx|pxd|pxi)$/i, 'a Cython file, which must be compiled: build a package from it'],
  [
    /\.ipynb$/i,
    'a notebook: save its code as a Python file (jupyter nbconvert --to script), and import that',
  ],
  [
    /\.(txt|md|rst|log|csv|json|ya?ml|toml|ini|cfg|html?|diff|patch|tex|in|tmpl|template|j2)$/i,
    'not Python by its name',
  ],
];

const SHEBANG = /^#!.*\bpython/;
const CLASS = /^[ \t]*class[ \t]+[^\W\d]\w*[ \t]*[(:[]/mu;
const IMPORT_OR_DEF = /^(import|from|def|async def)[ \t]+[\w.]+/m;

/**
 * Classifies a file. A file is Python if its name says so, if it begins like a script, or if it parses and defines or
 * imports something.
 */
export function contentOf(path: string, bytes: Uint8Array): Content {
  const name = basename(path);
  for (const [pattern, reason] of NOT_CODE) if (pattern.test(name)) return { kind: 'data', reason };
  const isNamed = /\.pyw?$/i.test(path);
  if (!isNamed && bytes.subarray(0, 8192).includes(0)) return { kind: 'data' };
  let text: string;
  try {
    text = decodeSource(bytes).text;
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    if (!isNamed) return { kind: 'data' };
    const { line, column } = error.diagnostics[0] ?? { line: 1, column: 1 };
    return { kind: 'unreadable', reason: `does not decode: ${error.message}`, line, column };
  }
  if (isNamed || SHEBANG.test(text)) return { kind: 'python', text };
  const hasClass = CLASS.test(text);
  const hasImport = IMPORT_OR_DEF.test(text);
  if (!hasClass && !hasImport) return { kind: 'data' };
  // A file without an extension that contains a class and an import is code. Syntax errors in such a file are worth
  // reporting.
  const isCode = (hasClass && hasImport && !name.includes('.')) || parses(text);
  return isCode ? { kind: 'python', text } : { kind: 'data' };
}

function parses(text: string): boolean {
  try {
    return verdictOf(parseModule(text)).error === null;
  } catch (error) {
    if (error instanceof DefinitionError) return false;
    throw error;
  }
}
