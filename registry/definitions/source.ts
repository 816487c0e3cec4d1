/**
 * Converts the bytes of a Python file to text and back, by PEP 263 and "Lexical analysis" in the Python reference. A
 * file is UTF-8 unless a byte order mark or a comment in the first two lines declares another encoding. CPython's
 * single-byte encodings are supported too (`code-pages.ts`). Multi-byte encodings (Shift JIS, GBK) are refused because
 * they cannot be written back byte for byte.
 */

import { encodingOf, fitsByteOrderMark } from './code-pages.ts';
import { DefinitionError } from './errors.ts';
import type { Span } from './types.ts';

/** A decoded file, with everything that is needed to write the file back byte for byte. */
export interface SourceText {
  readonly text: string;
  /** `utf-8`, or the encoding as the file declares it. */
  readonly encoding: string;
  readonly bom: boolean;
  /** The first line end of the text; `\n` if there is none. */
  readonly newline: '\n' | '\r\n' | '\r';
}

const COOKIE = /^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)/;
const ASCII = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
const BLANK = /^[ \t\f]*(?:#.*)?$/;
/**
 * Decodes the bytes of a Python file.
 * @throws DefinitionError `undecodable` for an unknown encoding, bytes that are invalid in the encoding, NUL, or a
 *   second byte order mark
 */
export function decodeSource(bytes: Uint8Array): SourceText {
  const bom = hasBom(bytes);
  const encoding = encodingIn(headOf(bytes, bom), bom);
  return sourceText(decode(bom ? bytes.subarray(3) : bytes, encoding), encoding, bom);
}

export function hasBom(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/**
 * Reads text that arrived as characters, in JSON or from an editor. A leading U+FEFF is the byte order mark. The text
 * declares the encoding in which the file will be written.
 * @throws DefinitionError `undecodable` for an unknown encoding, NUL, a second byte order mark, or half of a surrogate
 *   pair
 */
export function typedSource(typed: string): SourceText {
  wholeCharacters(typed);
  const bom = typed.startsWith('\ufeff');
  const text = bom ? typed.slice(1) : typed;
  return sourceText(text, encodingIn(text.slice(0, 4096), bom), bom);
}

/**
 * The bytes of the file for text that arrived as characters.
 * @throws DefinitionError `undecodable` like `typedSource`, `unencodable` if the encoding lacks a character
 */
export function encodeTyped(typed: string): Uint8Array {
  const source = typedSource(typed);
  return encodeSource(source.text, source);
}

function sourceText(text: string, encoding: string, bom: boolean): SourceText {
  const nul = text.indexOf('\0');
  if (nul >= 0) throw undecodable('Source code cannot contain null bytes', text, nul);
  if (text.startsWith('\ufeff'))
    throw undecodable('The file has a second byte order mark, which Python does not read', text, 0);
  return { text, encoding, bom, newline: newlineOf(text) };
}

/**
 * Checks that text can be written as UTF-8. JSON can contain half of a surrogate pair (`"\ud800"`), but a file cannot.
 * @throws DefinitionError `undecodable` with the place of the first half
 */
export function wholeCharacters(text: string): string {
  if (text.isWellFormed()) return text;
  const at = /\p{Surrogate}/u.exec(text)?.index ?? 0;
  const code = text.charCodeAt(at).toString(16).toUpperCase();
  throw undecodable(`U+${code} is half of a character, and cannot be written to a file`, text, at);
}

/** The encoding that a Python file declares. The result is UTF-8 if the declared encoding is not supported. */
export function encodingOfSource(bytes: Uint8Array): string {
  const bom = hasBom(bytes);
  try {
    return encodingIn(headOf(bytes, bom), bom);
  } catch (error) {
    if (error instanceof DefinitionError) return 'utf-8';
    throw error;
  }
}

/** Decodes a piece of a file. `encoding` comes from `encodingOfSource`. Invalid bytes become U+FFFD. */
export function decodePiece(bytes: Uint8Array, encoding: string): string {
  const letters = alphabetOf(encoding);
  if (letters === null) return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  return Array.from(bytes, (byte) => letters[byte] ?? '\ufffd').join('');
}

/**
 * Encodes text with the encoding and byte order mark of `like`, the file that the text came from.
 * @throws DefinitionError `unencodable` if the encoding lacks a character of the text
 */
export function encodeSource(text: string, like: SourceText): Uint8Array {
  const body = encode(text, like.encoding);
  if (!like.bom) return body;
  const bytes = new Uint8Array(body.length + 3);
  bytes.set([0xef, 0xbb, 0xbf]);
  bytes.set(body, 3);
  return bytes;
}

/** The encoding that the first two lines declare, as it is stored in a `SourceText`. */
function encodingIn(head: string, bom: boolean): string {
  const cookie = findCookie(head);
  if (cookie === null) return 'utf-8';
  const found = encodingOf(cookie);
  if (found === 'multi-byte')
    throw undecodable(
      `The registry does not read the encoding ${cookie}, because it could not write the file back byte for byte: save the file as UTF-8`,
    );
  if (found === null) throw undecodable(`Unknown encoding: ${cookie}`);
  if (bom && !fitsByteOrderMark(cookie))
    throw undecodable(`The file has a UTF-8 byte order mark, but declares the encoding ${cookie}`);
  return found === 'utf-8' ? found : cookie;
}

/** The beginning of the file, which is longer than the first two lines of any sensible file. */
function headOf(bytes: Uint8Array, bom: boolean): string {
  return new TextDecoder('latin1').decode(bytes.subarray(bom ? 3 : 0, 4096));
}

function findCookie(head: string): string | null {
  const [first = '', second = ''] = head.split(/\r\n|\n|\r/, 2);
  const found = COOKIE.exec(first) ?? (BLANK.test(first) ? COOKIE.exec(second) : null);
  return found?.[1] ?? null;
}

/** The 256 characters of a single-byte encoding; null for UTF-8. */
function alphabetOf(encoding: string): string | null {
  const found = encodingOf(encoding);
  return found === null || typeof found === 'string' ? null : ASCII + found.upper;
}

function decode(bytes: Uint8Array, encoding: string): string {
  const letters = alphabetOf(encoding);
  if (letters === null) return decodeUtf8(bytes);
  const text = decodePiece(bytes, encoding);
  const bad = text.indexOf('\ufffd');
  if (bad >= 0)
    throw undecodable(`The file contains a byte that is not valid in ${encoding}`, text, bad);
  return text;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const lenient = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    throw undecodable(
      'The file is not UTF-8 and declares no other encoding',
      lenient,
      badAt(bytes),
    );
  }
}

/** The offset of the first byte that is not UTF-8, in the text that was decoded with U+FFFD. */
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
  const letters = alphabetOf(encoding);
  if (letters === null) return new TextEncoder().encode(text);
  const codes = new Map(Array.from(letters, (letter, code) => [letter, code]));
  codes.delete('\ufffd');
  return Uint8Array.from({ length: text.length }, (_, at) => {
    const code = codes.get(text[at] as string);
    if (code !== undefined) return code;
    const span = positions(text).span(at, at + 1);
    const letter = String.fromCodePoint(text.codePointAt(at) as number);
    const message = `The file is ${encoding}, which has no ${JSON.stringify(letter)}`;
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

/**
 * Converts between offsets (UTF-16 code units) and Python's places: lines and columns from 1, columns in code points.
 */
export interface Positions {
  /** The number of lines. A text that ends with a line end has an empty last line. */
  readonly lines: number;
  at(offset: number): { line: number; column: number };
  /** The offset of a place. A place outside the text is moved to the nearest place inside. */
  offset(line: number, column: number): number;
  span(from: number, to: number): Span;
}

/** Finds the lines of a text. Only `\n`, `\r\n` and `\r` are line ends, as in Python. */
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
