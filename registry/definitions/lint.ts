/** Syntax errors as CPython reports them, and findings of ruff's pyflakes rules (WebAssembly). Nothing is run. */

import { createRequire } from 'node:module';
import type { Workspace } from '@astral-sh/ruff-wasm-nodejs';
import { isFatal, RUFF_CONFIGURATION } from './ruff.ts';
import type { Module } from './syntax.ts';
import type { Diagnostic } from './types.ts';
import { verdictOf } from './verdict.ts';
import { withoutTierUp } from './without-tier-up.ts';

const PACKAGE = '@astral-sh/ruff-wasm-nodejs';
const require = createRequire(import.meta.url);
let shared: Workspace | null = null;

export interface Findings {
  /** Errors of a file that CPython does not compile. A file with such errors has no other findings. */
  syntax: Diagnostic[];
  errors: Diagnostic[];
  warnings: Diagnostic[];
}

/**
 * Lints Python source. Never throws. CPython's rules decide whether the text is valid. If ruff and CPython stop at the
 * same line, ruff's messages are used. A text that only ruff refuses is refused too, because ruff knows the names of
 * Unicode's characters.
 */
export function lint(module: Module): Findings {
  const { error, warnings } = verdictOf(module);
  const found = ruffFindings(module.text);
  if (error === null) return { ...found, warnings: [...warnings, ...found.warnings] };
  const [first] = found.syntax;
  const syntax = first?.line === error.line ? found.syntax : [error];
  return { syntax, errors: [], warnings: [] };
}

function ruffFindings(text: string): Findings {
  const findings: Findings = { syntax: [], errors: [], warnings: [] };
  const place = codePointPlaces(text);
  for (const found of run(text)) {
    const code = found.code ?? 'invalid-syntax';
    const [start, end] = [place(found.start_location), place(found.end_location)];
    const diagnostic: Diagnostic = {
      line: start.row,
      column: start.column,
      end_line: end.row,
      end_column: end.column,
      code: code === 'invalid-syntax' ? 'syntax' : code,
      message: found.message,
    };
    if (diagnostic.code === 'syntax') findings.syntax.push(diagnostic);
    else if (isFatal(code)) findings.errors.push(diagnostic);
    else findings.warnings.push(diagnostic);
  }
  return findings;
}

/** One finding in the result of ruff's `check`, which the package types as `any`. */
interface Finding {
  code: string | null;
  message: string;
  start_location: Place;
  end_location: Place;
}

interface Place {
  readonly row: number;
  readonly column: number;
}

/**
 * Returns a function that converts ruff's columns (UTF-8 bytes) to columns in code points. Each line is scanned once.
 */
function codePointPlaces(text: string): (place: Place) => Place {
  const bytes = Buffer.byteLength(text);
  if (bytes === text.length) return (place) => place;
  const lines = text.split(/\r\n|\n|\r/);
  const columns = new Map<number, Uint32Array>();
  return ({ row, column }) => {
    const known = columns.get(row) ?? columnsOf(lines[row - 1] ?? '');
    columns.set(row, known);
    return { row, column: known[column - 1] ?? column };
  };
}

/** The column in code points for each byte of a line, and for the end of the line. */
function columnsOf(line: string): Uint32Array {
  const columns = new Uint32Array(Buffer.byteLength(line) + 1);
  let [at, column] = [0, 1];
  for (const letter of line) {
    columns.fill(column++, at, at + Buffer.byteLength(letter));
    at += Buffer.byteLength(letter);
  }
  columns[at] = column;
  return columns;
}

function run(text: string): Finding[] {
  try {
    return withoutTierUp(() => {
      shared ??= open();
      return shared.check(text);
    });
  } catch {
    // After a trap (stack overflow, panic) the WebAssembly instance is unusable. The next call creates a new instance.
    shared = null;
    delete require.cache[require.resolve(PACKAGE)];
    const start = { row: 1, column: 1 };
    const message = 'The code is nested too deeply, or too unusual, to be parsed';
    return [{ code: null, message, start_location: start, end_location: start }];
  }
}

function open(): Workspace {
  const ruff = require(PACKAGE) as typeof import('@astral-sh/ruff-wasm-nodejs');
  // ruff counts columns in bytes here. To count code points, ruff would scan the line from its start for each finding.
  return new ruff.Workspace(RUFF_CONFIGURATION, ruff.PositionEncoding.Utf8);
}
