/** Finds the places of entries in TOML text, and writes values as TOML. */

import { stringify } from 'smol-toml';
import { DefinitionError } from './errors.ts';
import type { Json } from './types.ts';

/** A table header, or a key with its value. Lines count from 0, `to` is exclusive. */
export interface Entry {
  readonly kind: 'table' | 'key';
  /** The whole path of the key, including the path of its table. */
  readonly path: readonly string[];
  readonly from: number;
  readonly to: number;
  /** The column of the value's first character in line `from`; 0 for tables. */
  readonly valueColumn: number;
  /** The column after the value's last character in line `to - 1`. */
  readonly valueEnd: number;
}

const MAX_DEPTH = 64;
const STRING = /"""(?:[^\\]|\\[\s\S])*?"{3,5}|'''[\s\S]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;

/** The entries of a valid TOML text in order. Lines must end in `\n`. */
export function entriesOf(toml: string): Entry[] {
  const entries: Entry[] = [];
  const lines = toml.split('\n');
  const starts = lineStarts(lines);
  let table: string[] = [];
  for (let line = 0; line < lines.length; ) {
    const text = lines[line] as string;
    const start = text.search(/[^ \t]/);
    if (start < 0 || text[start] === '#' || text === '\r') {
      line++;
    } else if (text[start] === '[') {
      table = readPath(text, text.startsWith('[[', start) ? start + 2 : start + 1).path;
      entries.push({ ...plain('table', table, line), valueColumn: 0, valueEnd: 0 });
      line++;
    } else {
      const { path, end } = readPath(text, start);
      const valueColumn = end + 1 + text.slice(end + 1).search(/[^ \t]|$/);
      const stop = valueEndIn(toml, (starts[line] as number) + valueColumn);
      let to = line + 1;
      while (to < lines.length && (starts[to] as number) <= stop) to++;
      const column = stop - (starts[to - 1] as number);
      entries.push({
        kind: 'key',
        path: [...table, ...path],
        from: line,
        to,
        valueColumn,
        valueEnd: column,
      });
      line = to;
    }
  }
  return entries;
}

function plain(kind: Entry['kind'], path: string[], line: number) {
  return { kind, path: [...path], from: line, to: line + 1 };
}

/** Reads a dotted key at `at`. `end` is the position of the `=` or `]` after it. */
function readPath(text: string, at: number): { path: string[]; end: number } {
  const path: string[] = [];
  let end = at;
  while (end < text.length && !/[=\]]/.test(text[end] as string)) {
    STRING.lastIndex = end;
    const quoted = STRING.exec(text)?.[0];
    const bare = /^[A-Za-z0-9_-]+/.exec(text.slice(end, end + 1000))?.[0];
    if (quoted?.startsWith('"')) path.push(unquote(quoted));
    else if (quoted) path.push(quoted.slice(1, -1));
    else if (bare) path.push(bare);
    end += (quoted ?? bare ?? ' ').length;
  }
  return { path, end };
}

function unquote(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replace(
      /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))/g,
      (_, four, eight, two, one) => {
        const hex = four ?? eight ?? two;
        if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
        return (
          ({ n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', e: '\x1b' } as Record<string, string>)[
            one
          ] ?? one
        );
      },
    );
}

function lineStarts(lines: readonly string[]): number[] {
  let next = 0;
  return lines.map((line) => {
    const start = next;
    next += line.length + 1;
    return start;
  });
}

/** The offset at which the value that begins at `start` ends. Brackets and long strings may span lines. */
function valueEndIn(text: string, start: number): number {
  let depth = 0;
  let end = start;
  for (let at = start; at < text.length; ) {
    const letter = text[at] as string;
    if (letter === '\n' && depth === 0) break;
    if (letter === '#') {
      if (depth === 0) break;
      at = text.indexOf('\n', at);
      if (at < 0) break;
      continue;
    }
    STRING.lastIndex = at;
    const quoted = letter === '"' || letter === "'" ? STRING.exec(text)?.[0] : undefined;
    if ('[{'.includes(letter)) depth++;
    if (']}'.includes(letter)) depth--;
    at += quoted?.length ?? 1;
    if (!/\s/.test(letter)) end = at;
  }
  return end;
}

/**
 * Refuses a value that TOML cannot represent.
 * @throws DefinitionError `null_in_metadata` with the JSON path, for a null (TOML has none), a lone surrogate, or
 *   nesting deeper than 64
 */
export function checkWritable(value: Json, path: string, depth = 0): void {
  const refuse = (why: string): never => {
    const place = { line: 1, column: 1, end_line: 1, end_column: 1 };
    throw new DefinitionError('null_in_metadata', [
      { ...place, code: 'header-value', message: `${path}: ${why}`, path },
    ]);
  };
  if (depth > MAX_DEPTH) refuse('nested too deeply');
  if (value === null) refuse('the header is TOML, which has no null');
  if (typeof value === 'string' && !value.isWellFormed()) refuse('not well-formed Unicode');
  if (typeof value === 'number' && !Number.isFinite(value)) refuse('not a finite number');
  if (typeof value !== 'object' || value === null) return;
  for (const [key, one] of Object.entries(value)) {
    const below = Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`;
    if (!key.isWellFormed() || key === '__proto__')
      refuse(`${JSON.stringify(key)} cannot be a key`);
    checkWritable(one, below, depth + 1);
  }
}

/** Writes a value on one line. */
export function inline(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(([key, one]) => `${keyText(key)} = ${inline(one)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' && Object.is(value, -0)) return '-0.0';
  if (Number.isInteger(value) && !Number.isSafeInteger(value) && !/e/.test(String(value)))
    return `${value}.0`;
  return String(value);
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : quote(key);
}

/** Writes a basic string. Characters that an editor or Python could treat as line ends are escaped. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A table and its subtables, each with a header line of its own. */
export function tableLines(path: readonly string[], table: { [key: string]: Json }): string[] {
  const lines = [`[${path.map(keyText).join('.')}]`];
  const below: string[] = [];
  for (const [key, value] of Object.entries(table)) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      below.push('', ...tableLines([...path, key], value));
    } else lines.push(`${keyText(key)} = ${inline(value)}`);
  }
  const onlyTables = lines.length === 1 && below.length > 0;
  return onlyTables ? below.slice(1) : [...lines, ...below];
}

/** Writes the whole document anew. Its comments and the order of its entries are lost. */
export function rewritten(document: object): string[] {
  return stringify(document).trimEnd().split('\n');
}
