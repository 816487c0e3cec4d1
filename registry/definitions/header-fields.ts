/** Interprets the TOML of the header: the keys of PEP 723 and those of `[tool.pybirch]`. */

import { parse, TomlDate, TomlError } from 'smol-toml';
import { HIDDEN_IN_LINE, HIDDEN_IN_PROSE } from '../../text/hidden.ts';
import { hiddenIn } from './hidden.ts';
import { isRequirement, isSpecifier } from './requirements.ts';
import { entriesOf } from './toml.ts';
import type { Diagnostic, Header, Json, Span } from './types.ts';

export interface ReadHeader {
  header: Header;
  /** The other entries of the block: tables of other tools and unknown keys. */
  extra: { [key: string]: Json };
  errors: Diagnostic[];
  warnings: Diagnostic[];
  /** The place of each key in the file. */
  spans: Map<keyof Header, Span>;
}

export interface Field {
  readonly key: keyof Header;
  readonly path: readonly string[];
  /** What a valid value is, in words for an error message. */
  readonly expects: string;
  readonly accepts: (value: Json) => boolean;
}

/**
 * The first hidden character in a value, in words; null if there is none. Only a description may have several lines.
 */
const hiddenOf = (key: keyof Header, value: Json): string | null => {
  const texts = typeof value === 'string' ? [value] : isTexts(value) ? (value as string[]) : [];
  const kind = key === 'description' ? HIDDEN_IN_PROSE : HIDDEN_IN_LINE;
  return texts.map((text) => hiddenIn(text, kind)).find((hidden) => hidden !== null) ?? null;
};

const isText = (value: Json): boolean => typeof value === 'string';
const isTexts = (value: Json): boolean => Array.isArray(value) && value.every(isText);
const isTable = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const oneOf =
  (...values: string[]) =>
  (value: Json): boolean =>
    values.includes(value as string);

const STATUSES = ['operational', 'development', 'testing', 'deprecated', 'experimental'];

function field(key: keyof Header, expects: string, accepts: Field['accepts'], own = true): Field {
  const name = key.replaceAll('_', '-');
  return { key, path: own ? ['tool', 'pybirch', name] : [name], expects, accepts };
}

/** All keys of the header, in the order in which they are written. */
export const FIELDS: readonly Field[] = [
  field('requires_python', 'a string', isText, false),
  field('dependencies', 'an array of strings', isTexts, false),
  field('display_name', 'a string', isText),
  field('description', 'a string', isText),
  field('instrument_type', 'movement or measurement', oneOf('movement', 'measurement')),
  field('category', 'a string', isText),
  field('manufacturer', 'a string', isText),
  field('status', `one of ${STATUSES.join(', ')}`, oneOf(...STATUSES)),
  field('permissions', 'an array of strings', isTexts),
  field('data_columns', 'an array of strings', isTexts),
  field('data_units', 'an array of strings', isTexts),
  field('position_column', 'a string', isText),
  field('position_units', 'a string', isText),
  field('default_settings', 'a table', isTable),
  field('settings_schema', 'a table', isTable),
];

/** Why pip cannot read a value; null if it can. */
function unreadByPip(key: keyof Header, value: Json): string | null {
  if (key === 'requires_python' && !isSpecifier(value as string))
    return `is ${JSON.stringify(value)}, but must be a version specifier such as ">=3.11" or ">=3.11, <4" (PEP 440)`;
  if (key !== 'dependencies') return null;
  const unread = (value as string[]).find((one) => !isRequirement(one));
  if (unread === undefined) return null;
  return `contains ${JSON.stringify(unread)}, but each entry must be a requirement for pip, such as "numpy" or "pyvisa >= 1.13" (PEP 508)`;
}

export interface ParsedToml {
  document: { [key: string]: Json };
  error: Diagnostic | null;
}

/** Parses lines of TOML. `offset` is the line number in the file, counted from 0, of the first TOML line. */
export function parseToml(lines: readonly string[], offset: number): ParsedToml {
  const refuse = (line: number, column: number, message: string): ParsedToml => ({
    document: {},
    error: {
      line: offset + line,
      column,
      end_line: offset + line,
      end_column: column,
      code: 'header-toml',
      message: `The header is not TOML: ${message}`,
    },
  });
  try {
    const document = parse(lines.join('\n'), { unsafeKeyBehaviour: 'throw', maxDepth: 100 });
    return { document: toJson(document, 0) as { [key: string]: Json }, error: null };
  } catch (error) {
    if (error instanceof NotJson) return refuse(1, 1, error.message);
    if (error instanceof RangeError) return refuse(1, 1, 'nested too deeply');
    if (!(error instanceof TomlError)) throw error;
    const [, why = error.message] = /^Invalid TOML document: (.*)/.exec(error.message) ?? [];
    return refuse(error.line, error.column + 2, why);
  }
}

class NotJson extends Error {}

function toJson(value: unknown, depth: number): Json {
  if (depth > 100) throw new NotJson('nested too deeply');
  if (value instanceof TomlDate) throw new NotJson('dates and times cannot be used here');
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new NotJson('inf and nan cannot be used here');
  if (Array.isArray(value)) return value.map((one) => toJson(one, depth + 1));
  if (typeof value !== 'object' || value === null) return value as Json;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, toJson(one, depth + 1)]),
  );
}

/** Splits a parsed block into the header, other entries and findings. `offset` is as in `parseToml`. */
export function interpret(
  parsed: ParsedToml | Record<string, never>,
  lines: readonly string[],
  offset: number,
  errors: Diagnostic[],
): ReadHeader {
  const result: ReadHeader = { header: {}, extra: {}, errors, warnings: [], spans: new Map() };
  if (parsed.error) errors.push(parsed.error);
  if (parsed.error || !parsed.document) return result;
  const { document } = parsed as ParsedToml;
  const spans = spansOf(lines, offset);
  const complain = (path: readonly string[], code: string, message: string): Diagnostic => ({
    ...spans(path),
    code,
    message: `${path.join('.')} ${message}`,
  });
  for (const { key, path, expects, accepts } of FIELDS) {
    const value = valueAt(document, path);
    if (value === undefined) continue;
    result.spans.set(key, spans(path));
    if (accepts(value)) Object.assign(result.header, { [key]: value });
    else errors.push(complain(path, 'header-type', `must be ${expects}`));
    const hidden = hiddenOf(key, value);
    const unread = accepts(value) ? unreadByPip(key, value) : null;
    if (hidden !== null)
      errors.push(complain(path, 'hidden-character', `cannot contain ${hidden}: remove it`));
    else if (unread !== null) errors.push(complain(path, 'header-value', unread));
  }
  result.extra = strip(document);
  const own = valueAt(document, ['tool', 'pybirch']);
  if (own !== undefined && !isTable(own))
    errors.push(complain(['tool', 'pybirch'], 'header-type', 'must be a table'));
  for (const key of Object.keys(isTable(own) ? own : {}).slice(0, 50)) {
    const path = ['tool', 'pybirch', key];
    if (!FIELDS.some((one) => one.path.join('.') === path.join('.')))
      result.warnings.push(complain(path, 'header-unknown-key', 'is not a key of the registry'));
  }
  return result;
}

function strip(document: { [key: string]: Json }): { [key: string]: Json } {
  const { 'requires-python': _, dependencies: __, tool, ...rest } = document;
  if (!isTable(tool)) return tool === undefined ? rest : { ...rest, tool };
  const { pybirch, ...others } = tool;
  const unknown = isTable(pybirch)
    ? Object.fromEntries(
        Object.entries(pybirch).filter(([key]) => !FIELDS.some((one) => one.path[2] === key)),
      )
    : {};
  const kept = Object.keys(unknown).length > 0 ? { ...others, pybirch: unknown } : others;
  return Object.keys(kept).length > 0 ? { ...rest, tool: kept } : rest;
}

function valueAt(document: { [key: string]: Json }, path: readonly string[]): Json | undefined {
  let value: Json | undefined = document;
  for (const key of path) {
    if (!isTable(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** Returns a function that finds the place of a path's entry, or of the nearest entry that contains it. */
function spansOf(lines: readonly string[], offset: number): (path: readonly string[]) => Span {
  const entries = entriesOf(lines.join('\n'));
  const overlaps = (one: readonly string[], other: readonly string[]): boolean =>
    one.slice(0, other.length).every((part, at) => part === other[at]);
  return (path) => {
    const entry =
      entries.find((one) => one.path.length >= path.length && overlaps(one.path, path)) ??
      entries.find((one) => overlaps(one.path, path));
    const from = entry?.from ?? 0;
    const to = (entry?.to ?? 1) - 1;
    return {
      line: offset + from + 1,
      column: 3,
      end_line: offset + to + 1,
      end_column: [...(lines[to] ?? '')].length + 3,
    };
  };
}
