/**
 * Bytes of a Python file to text and back, by the rules of PEP 263 and of "Lexical analysis" in the
 * Python reference: UTF-8 unless a byte order mark or a cookie in the first two lines says otherwise.
 * Besides UTF-8 the single-byte encodings are read; multi-byte ones (Shift JIS, GBK) are refused, since
 * they cannot be written back byte for byte.
 */

import { DefinitionError } from './errors.ts';
import type { Span } from './types.ts';

/** A decoded file and what is needed to write it back byte for byte. */
export interface SourceText {
  readonly text: string;
  /** A label that TextDecoder knows: `utf-8`, `windows-1252`, … */
  readonly encoding: string;
  readonly bom: boolean;
  /** The line end that stands first in the text; `\n` where there is none. */
  readonly newline: '\n' | '\r\n' | '\r';
}

const COOKIE = /^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)/;
const BLANK = /^[ \t\f]*(?:#.*)?$/;
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, code) => code);
const LATIN_1 = String.fromCharCode(...EVERY_BYTE);
const ASCII = LATIN_1.slice(0, 128);

/** Names that Python takes for an encoding and TextDecoder does not, or reads otherwise. */
const PYTHON_NAMES: Record<string, string> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  u8: 'utf-8',
  utf: 'utf-8',
  'utf-8-sig': 'utf-8',
  cp65001: 'utf-8',
  'latin-1': 'latin-1',
  latin1: 'latin-1',
  latin: 'latin-1',
  l1: 'latin-1',
  'iso-8859-1': 'latin-1',
  'iso8859-1': 'latin-1',
  cp819: 'latin-1',
  ascii: 'ascii',
  'us-ascii': 'ascii',
  646: 'ascii',
  cp1252: 'windows-1252',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
};

/**
 * Reads the bytes of a Python file.
 * @throws DefinitionError `undecodable` for an unknown encoding, bytes that it does not have, or NUL
 */
export function decodeSource(bytes: Uint8Array): SourceText {
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const body = bom ? bytes.subarray(3) : bytes;
  const cookie = findCookie(body);
  const encoding = cookie === null ? 'utf-8' : codec(cookie);
  if (encoding === null) throw undecodable(`Unknown encoding: ${cookie}`);
  if (bom && encoding !== 'utf-8')
    throw undecodable(`A UTF-8 byte order mark, but the encoding is declared as ${cookie}`);
  const text = decode(body, encoding);
  const nul = text.indexOf('\0');
  if (nul >= 0) throw undecodable('Source code cannot contain null bytes', text, nul);
  return { text, encoding, bom, newline: newlineOf(text) };
}

/**
 * Writes text as the bytes of the file it came from were written.
 * @throws DefinitionError `unencodable` where the encoding lacks a character of the text
 */
export function encodeSource(text: string, like: SourceText): Uint8Array {
  const body = encode(text, like.encoding);
  if (!like.bom) return body;
  const bytes = new Uint8Array(body.length + 3);
  bytes.set([0xef, 0xbb, 0xbf]);
  bytes.set(body, 3);
  return bytes;
}

function findCookie(bytes: Uint8Array): string | null {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 4096));
  const [first = '', second = ''] = head.split(/\r\n|\n|\r/, 2);
  const found = COOKIE.exec(first) ?? (BLANK.test(first) ? COOKIE.exec(second) : null);
  return found?.[1] ?? null;
}

function codec(cookie: string): string | null {
  const label = cookie.toLowerCase().replaceAll('_', '-');
  if (/^utf-8(?:$|-)/.test(label)) return 'utf-8';
  if (/^(?:latin-1|iso-8859-1|iso-latin-1)(?:$|-)/.test(label)) return 'latin-1';
  const known = PYTHON_NAMES[label];
  if (known) return known;
  try {
    const { encoding } = new TextDecoder(label);
    return alphabet(encoding) === null ? null : encoding;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The 256 characters of a single-byte encoding; null for an encoding of another kind. */
function alphabet(encoding: string): string | null {
  if (encoding === 'latin-1' || encoding === 'ascii') return LATIN_1;
  const text = new TextDecoder(encoding, { ignoreBOM: true }).decode(EVERY_BYTE);
  return text.length === 256 && text.startsWith(ASCII) ? text : null;
}

function decode(bytes: Uint8Array, encoding: string): string {
  const letters = encoding === 'utf-8' ? null : alphabet(encoding);
  if (letters === null) return decodeUtf8(bytes);
  const text = Array.from(bytes, (byte) => letters[byte]).join('');
  const bad = text.search(encoding === 'ascii' ? /[^\0-\x7f]/ : /\ufffd/);
  if (bad >= 0) throw undecodable(`A byte that ${encoding} does not have`, text, bad);
  return text;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const lenient = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    throw undecodable('Bytes that are not UTF-8, and no encoding declared', lenient, badAt(bytes));
  }
}

/** Offset in the leniently decoded text of the first byte that is not UTF-8. */
function badAt(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    try {
      length += decoder.decode(bytes.subarray(at, at + 1), { stream: true }).length;
    } catch {
      return length;
    }
  }
  return length;
}

function encode(text: string, encoding: string): Uint8Array {
  const letters = encoding === 'utf-8' ? null : alphabet(encoding);
  if (letters === null) return new TextEncoder().encode(text);
  const limit = encoding === 'ascii' ? 128 : 256;
  const codes = new Map(Array.from(letters.slice(0, limit), (letter, code) => [letter, code]));
  return Uint8Array.from({ length: text.length }, (_, at) => {
    const code = codes.get(text[at] as string);
    if (code !== undefined) return code;
    const span = positions(text).span(at, at + 1);
    const message = `The file is ${encoding}, which has no ${JSON.stringify(text[at])}`;
    throw new DefinitionError('unencodable', [{ ...span, code: 'encoding', message }]);
  });
}

function undecodable(message: string, text = '', at = 0): DefinitionError {
  const span = positions(text).span(at, at);
  return new DefinitionError('undecodable', [{ ...span, code: 'encoding', message }]);
}

function newlineOf(text: string): SourceText['newline'] {
  return (/\r\n|\n|\r/.exec(text)?.[0] ?? '\n') as SourceText['newline'];
}

/** Between offsets in UTF-16 code units and Python's places: lines from 1, columns in code points from 1. */
export interface Positions {
  /** The number of lines; a text that ends in a line end has an empty last one. */
  readonly lines: number;
  at(offset: number): { line: number; column: number };
  /** The inverse; a place outside the text is moved to the nearest one inside. */
  offset(line: number, column: number): number;
  span(from: number, to: number): Span;
}

/** Maps the places of a text. Line ends are `\n`, `\r\n` and `\r` alone, as in Python. */
export function positions(text: string): Positions {
  const starts = [0];
  for (const end of text.matchAll(/\r\n|\n|\r/g)) starts.push(end.index + end[0].length);
  const at = (offset: number): { line: number; column: number } => {
    const clamped = Math.max(0, Math.min(offset, text.length));
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= clamped) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: codePoints(text, starts[low] as number, clamped) + 1 };
  };
  return {
    lines: starts.length,
    at,
    offset(line, column) {
      if (line < 1) return 0;
      const start = starts[line - 1];
      if (start === undefined) return text.length;
      const end = starts[line] ?? text.length;
      let offset = start;
      for (let left = column - 1; left > 0 && offset < end; left--)
        offset += (text.codePointAt(offset) as number) > 0xffff ? 2 : 1;
      return Math.min(offset, end);
    },
    span(from, to) {
      const [start, end] = [at(from), at(to)];
      return { line: start.line, column: start.column, end_line: end.line, end_column: end.column };
    },
  };
}

function codePoints(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; count++) at += (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
  return count;
}
