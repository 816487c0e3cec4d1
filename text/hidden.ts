/**
 * Characters that a reader cannot see, or that change how the surrounding text appears: control characters,
 * marks that change the direction of text (CVE-2021-42574, "Trojan Source"), zero-width letters. Pure.
 * Requests, definitions, terminals and pages all use this one list.
 *
 * The classes are Unicode's own: `Cc`, `Cf`, `Bidi_Control` and `Default_Ignorable_Code_Point` (UAX #44).
 */
import { nameOfHidden } from './hidden-names.ts';

/** Scripts that need joiners between their letters (UAX #31, section 2.3). */
const JOINED =
  '[\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Mongolian}\\p{Script=Devanagari}\\p{Script=Bengali}' +
  '\\p{Script=Gurmukhi}\\p{Script=Gujarati}\\p{Script=Oriya}\\p{Script=Tamil}\\p{Script=Telugu}' +
  '\\p{Script=Kannada}\\p{Script=Malayalam}\\p{Script=Sinhala}\\p{Script=Khmer}]';

/** Contexts in which a usually hidden character is ordinary: emoji, and scripts that use it. */
const ORDINARY = [
  // Text or emoji style: ⚠️, 1️⃣
  '(?<=\\p{Extended_Pictographic}|\\p{Emoji_Modifier})[\\uFE0E\\uFE0F]',
  '(?<=[0-9#*])\\uFE0F(?=\\u20E3)',
  // One emoji made of several: 👩‍🔬
  '(?<=[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\uFE0F])\\u200D(?=\\p{Extended_Pictographic})',
  `(?<=${JOINED})[\\u200C\\u200D](?=${JOINED})`,
  // Variants of the same letter (Unicode, IVD and Mongolian).
  '(?<=\\p{Script=Han})[\\uFE00-\\uFE02\\u{E0100}-\\u{E01EF}]',
  '(?<=\\p{Script=Mongolian})[\\u180B-\\u180F]',
  // Number marks. They are visible, although Unicode classifies them as format characters.
  '[\\u0600-\\u0605\\u06DD\\u070F\\u0890\\u0891\\u08E2\\u{110BD}\\u{110CD}]',
].join('|');

/** The braille blank and the musical null note are invisible, although Unicode classifies them as symbols. */
const EVERY =
  '[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Bidi_Control}\\p{Default_Ignorable_Code_Point}\\p{Noncharacter_Code_Point}' +
  '\\u2028\\u2029\\u2800\\u{1D159}]';

/**
 * One hidden character in multi-line text. Tabs, line feeds and CRLF are allowed; a lone CR is hidden,
 * because it overwrites the line.
 */
export const HIDDEN_IN_PROSE = new RegExp(`(?![\\t\\n]|\\r\\n|${ORDINARY})${EVERY}`, 'gu');
/** One hidden character in a name or a title, where tabs, line feeds and CRLF count as hidden as well. */
export const HIDDEN_IN_LINE = new RegExp(`(?!${ORDINARY})${EVERY}`, 'gu');
/** One hidden character in a source file. Python ignores form feeds (Python reference, section 2.1.9). */
export const HIDDEN_IN_CODE = new RegExp(`(?![\\t\\n\\r\\f]|${ORDINARY})${EVERY}`, 'gu');

/** Matches text that can contain no hidden character, which is most text. */
const PLAIN = /^[\t\n\x20-\x7e]*$/;

export interface Hidden {
  /** In UTF-16 code units. */
  readonly at: number;
  readonly character: string;
}

/** The first `most` hidden characters of a text, in order. */
export function findHidden(text: string, kind: RegExp, most = Number.POSITIVE_INFINITY): Hidden[] {
  const found: Hidden[] = [];
  if (kind !== HIDDEN_IN_LINE && PLAIN.test(text)) return found;
  for (const match of text.matchAll(kind)) {
    if (found.length >= most) break;
    found.push({ at: match.index, character: match[0] });
  }
  return found;
}

/** The code point in the usual notation: `U+202E`. */
export const codePointOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** `U+202E (right-to-left override)` */
export const describeHidden = (character: string): string =>
  `${codePointOf(character)} (${nameOfHidden(character)})`;

/** Multi-line text for a terminal or a log, with each hidden character as `<U+202E>`. */
export const visible = (text: string): string => spelledOut(text, HIDDEN_IN_PROSE);

/** The same for a name or a title. Tabs and line ends are spelled out too, so that the result is one line. */
export const visibleLine = (text: string): string => spelledOut(text, HIDDEN_IN_LINE);

/** Limit on the nesting of JSON values. */
const MOST_DEPTH = 100;

/** Applies the same to every text in a JSON value, keys included. */
export function visibleIn<T>(value: T, depth = 0): T {
  if (typeof value === 'string') return visible(value) as T;
  if (typeof value !== 'object' || value === null || depth > MOST_DEPTH) return value;
  const inside = (inner: unknown) => visibleIn(inner, depth + 1);
  if (Array.isArray(value)) return value.map(inside) as T;
  const entries = Object.entries(value).map(([key, inner]) => [visibleLine(key), inside(inner)]);
  return Object.fromEntries(entries) as T;
}

function spelledOut(text: string, kind: RegExp): string {
  if (kind !== HIDDEN_IN_LINE && PLAIN.test(text)) return text;
  return text.replace(kind, (character) => `<${codePointOf(character)}>`);
}
