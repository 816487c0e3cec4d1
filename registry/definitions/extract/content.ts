/** Which files of a folder are Python, told by their bytes: labs keep code under any extension or none. */
import { DefinitionError } from '../errors.ts';
import { decodeSource } from '../source.ts';
import { parseModule } from '../syntax.ts';
import { verdictOf } from '../verdict.ts';
import { basename } from './paths.ts';

export type Content =
  | { kind: 'python'; text: string }
  /** Bytes that code may read. */
  | { kind: 'data' }
  | { kind: 'unreadable'; reason: string; line?: number; column?: number };

const SHEBANG = /^#!.*\bpython/;
const CLASS = /^[ \t]*class[ \t]+[^\W\d]\w*[ \t]*[(:[]/mu;
const IMPORT_OR_DEF = /^(import|from|def|async def)[ \t]+[\w.]+/m;

/** Reads a file that is called Python, begins like a script, or parses and defines or imports something. */
export function contentOf(path: string, bytes: Uint8Array): Content {
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
  // A file without any extension that has both is code, if perhaps broken code: its errors are worth a report.
  const isCode = (hasClass && hasImport && !basename(path).includes('.')) || parses(text);
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
