/**
 * The header of a definition: PEP 723 inline metadata with a `[tool.pybirch]` table.
 *
 * Changes are made line by line. A key on lines of its own is replaced in place and keeps its comment. A table
 * (`settings-schema`, `default-settings`) is rewritten after the other keys, so comments within it are lost. If the key
 * is inside an inline table (`tool = { … }`) or cannot be edited by line for another reason, the whole block is
 * rewritten. A rewritten block keeps all values, but not its comments and order.
 */

import { isEqual } from 'es-toolkit/predicate';
import { DefinitionError } from './errors.ts';
import { FIELDS, type Field, interpret, parseToml, type ReadHeader } from './header-fields.ts';
import {
  commented,
  contentOf,
  insertBlock,
  joinLines,
  type Lines,
  type ScriptBlock,
  scriptBlocks,
  splitLines,
  unreadBlock,
} from './script-block.ts';
import { checkWritable, type Entry, entriesOf, inline, rewritten, tableLines } from './toml.ts';
import type { Diagnostic, Header, Json } from './types.ts';

/** The keys to change. Undefined leaves a key unchanged, null removes it. */
export type HeaderChanges = { [Key in keyof Header]?: Header[Key] | null | undefined };

/** The most characters of a header: twice the limit of the settings. */
const MOST_CHARACTERS = 524_288;

type Document = { [key: string]: Json };

const headers = new WeakMap<Readonly<{ text: string }>, ReadHeader>();

/** Reads the header of a parsed module once, for all callers. They must not change it. */
export function headerOf(module: Readonly<{ text: string }>): ReadHeader {
  const header = headers.get(module) ?? readHeader(module.text);
  headers.set(module, header);
  return header;
}

/** Reads the header of a file. Never throws; `errors` lists what is wrong. */
export function readHeader(text: string): ReadHeader {
  const { lines } = splitLines(text);
  const [block, second] = scriptBlocks(lines);
  const warnings = unread(lines, block);
  if (!block) return { header: {}, extra: {}, errors: [], warnings, spans: new Map() };
  if (second)
    return interpret({}, [], 0, [
      lineSpan(
        lines,
        second.opening,
        'header-toml',
        'This is a second script block: PEP 723 allows only one',
      ),
    ]);
  const toml = contentOf(lines, block);
  if (toml.reduce((sum, line) => sum + line.length, 0) > MOST_CHARACTERS) {
    const message = `The header has more than ${MOST_CHARACTERS} characters: put tables into a data file`;
    return interpret({}, [], 0, [lineSpan(lines, block.opening, 'header-toml', message)]);
  }
  const read = interpret(parseBlock(lines, block), toml, block.opening + 1, []);
  return { ...read, warnings: [...warnings, ...read.warnings] };
}

/**
 * Changes keys of the header and nothing else. In a file without a header, the new header goes below the shebang and
 * the encoding line.
 * @throws DefinitionError `bad_header` if the old header cannot be read, `null_in_metadata` if TOML cannot represent a
 *   value
 */
export function writeHeader(text: string, changes: HeaderChanges): string {
  const wanted = FIELDS.filter((field) => changes[field.key] !== undefined);
  for (const { key } of wanted) {
    const value = changes[key];
    if (value !== null) checkWritable(value as Json, key);
  }
  const newline = /\r\n|\n|\r/.exec(text)?.[0] ?? '\n';
  const old = readHeader(text);
  const fatal = old.errors.filter((found) => found.code === 'header-toml');
  if (fatal.length > 0) throw new DefinitionError('bad_header', fatal);
  const parts = splitLines(text);
  const [block] = scriptBlocks(parts.lines);
  const toml = block ? contentOf(parts.lines, block) : [];
  const changed = wanted.reduce(
    (lines, field) => change(lines, field, changes[field.key] as Json),
    toml,
  );
  if (block) return changed === toml ? text : replaced(parts, block, toml, changed, newline);
  if (changed.length === 0) return text;
  return insertBlock(text, ['# /// script', ...commented(changed), '# ///'], newline);
}

/** Inserts the header of `from` into `text`, unless `text` has a header. */
export function transplantHeader(from: string, text: string): string {
  const { lines } = splitLines(from);
  const [block] = scriptBlocks(lines);
  if (!block || scriptBlocks(splitLines(text).lines).length > 0) return text;
  const newline = /\r\n|\n|\r/.exec(text)?.[0] ?? '\n';
  return insertBlock(text, lines.slice(block.opening, block.closing + 1), newline);
}

function parseBlock(lines: readonly string[], block: ScriptBlock) {
  return parseToml(contentOf(lines, block), block.opening + 1);
}

/** Warns of text outside the header that looks like a header but is not read as one. */
function unread(lines: readonly string[], block: ScriptBlock | undefined): Diagnostic[] {
  const others = lines.map((line, at) =>
    block && at >= block.opening && at <= block.closing ? '' : line,
  );
  const found = unreadBlock(others);
  if (found === null) return [];
  const message = `The header is not read. ${found.why} (PEP 723)`;
  return [lineSpan(lines, found.line, 'header-not-read', message)];
}

function lineSpan(lines: readonly string[], at: number, code: string, message: string): Diagnostic {
  const length = [...(lines[at] ?? '')].length;
  return {
    line: at + 1,
    column: 1,
    end_line: at + 1,
    end_column: length + 1,
    code,
    message,
  };
}

/** Puts the new TOML into the file. Every unchanged line keeps its bytes. */
function replaced(
  { lines, ends }: Lines,
  block: ScriptBlock,
  old: readonly string[],
  changed: readonly string[],
  newline: string,
): string {
  let head = 0;
  while (head < Math.min(old.length, changed.length) && old[head] === changed[head]) head++;
  let tail = 0;
  while (
    tail < Math.min(old.length, changed.length) - head &&
    old.at(-1 - tail) === changed.at(-1 - tail)
  )
    tail++;
  const fresh = commented(changed.slice(head, changed.length - tail));
  const start = block.opening + 1 + head;
  const count = old.length - head - tail;
  lines.splice(start, count, ...fresh);
  ends.splice(start, count, ...fresh.map(() => newline));
  if (changed.length === 0 && old.length > 0) {
    // PEP 723's regular expression does not match a block without lines, so an empty block gets a line.
    lines.splice(start, 0, '#');
    ends.splice(start, 0, newline);
  }
  return joinLines({ lines, ends });
}

function change(lines: string[], field: Field, value: Json): string[] {
  const before = parseToml(lines, 0).document as Document;
  const after = withValue(before, field.path, value);
  if (isEqual(before, after)) return lines;
  const edited = edit(lines, field, value);
  const read = parseToml(edited, 0);
  if (read.error === null && isEqual(read.document, after)) return edited;
  return rewritten(after);
}

function withValue(document: Document, path: readonly string[], value: Json): Document {
  const [key, ...rest] = path as [string, ...string[]];
  const copy = { ...document };
  if (rest.length > 0) {
    const inner = copy[key];
    const isTable = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    if (value === null && !isTable) return document;
    copy[key] = withValue(isTable ? inner : {}, rest, value);
  } else if (value === null) delete copy[key];
  else copy[key] = value;
  return copy;
}

const begins = (path: readonly string[], with_: readonly string[]): boolean =>
  with_.every((part, at) => path[at] === part);

function edit(lines: string[], field: Field, value: Json): string[] {
  const entries = entriesOf(lines.join('\n'));
  const own = entries.filter((entry) => begins(entry.path, field.path));
  const [only] = own;
  const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (
    own.length === 1 &&
    only?.kind === 'key' &&
    only.path.length === field.path.length &&
    value !== null
  ) {
    const first = (lines[only.from] as string).slice(0, only.valueColumn);
    const last = (lines[only.to - 1] as string).slice(only.valueEnd);
    return lines.toSpliced(only.from, only.to - only.from, first + inline(value) + last);
  }
  const rest = without(lines, own);
  if (value === null) return rest;
  const left = entriesOf(rest.join('\n'));
  return isTable ? withTable(rest, left, field, value) : withKey(rest, left, field, value);
}

function without(lines: string[], entries: readonly Entry[]): string[] {
  const gone = new Set<number>();
  for (const entry of entries) {
    for (let at = entry.from; at < entry.to; at++) gone.add(at);
    const above = entry.from - 1;
    if (entry.kind === 'table' && lines[above]?.trim() === '') gone.add(above);
  }
  return lines.filter((_, at) => !gone.has(at));
}

/** Inserts a table after the last entry of `[tool.pybirch…]`. */
function withTable(lines: string[], entries: Entry[], field: Field, value: Document): string[] {
  const parent = field.path.slice(0, -1);
  const last = entries.findLast((entry) => begins(entry.path, parent));
  const at = last?.to ?? lines.length;
  const block = tableLines(field.path, value);
  return lines.toSpliced(at, 0, ...(at > 0 ? ['', ...block] : block));
}

/** Inserts a key after the other keys of its table. Adds the table `[tool.pybirch]` if it is missing. */
function withKey(lines: string[], entries: Entry[], field: Field, value: Json): string[] {
  const key = field.path.at(-1) as string;
  const parent = field.path.slice(0, -1);
  const line = `${key} = ${inline(value)}`;
  if (parent.length === 0) {
    const firstTable = entries.findIndex((entry) => entry.kind === 'table');
    const root = firstTable < 0 ? entries : entries.slice(0, firstTable);
    const before = key === 'requires-python' ? undefined : root.at(-1);
    const at = before?.to ?? root[0]?.from ?? 0;
    const next = lines[at];
    return lines.toSpliced(at, 0, ...(next?.trimStart().startsWith('[') ? [line, ''] : [line]));
  }
  const opened = entries.findIndex(
    (entry) => entry.kind === 'table' && isEqual(entry.path, parent),
  );
  if (opened >= 0) {
    const next = entries.findIndex((entry, at) => at > opened && entry.kind === 'table');
    const last = entries[(next < 0 ? entries.length : next) - 1] as Entry;
    return lines.toSpliced(last.to, 0, line);
  }
  const below = entries.find((entry) => entry.kind === 'table' && begins(entry.path, parent));
  const opening = [`[${parent.join('.')}]`, line];
  if (below) return lines.toSpliced(below.from, 0, ...opening, '');
  return [...lines, ...(lines.length > 0 ? [''] : []), ...opening];
}
