/**
 * Characters that a reader cannot see, or that change how the text around them is seen: control characters, marks
 * that turn the direction of text (CVE-2021-42574, "Trojan Source"), letters without width. Pure, and the one list
 * that requests, definitions, terminals and pages go by.
 *
 * The classes are Unicode's own: `Cc`, `Cf`, `Bidi_Control` and `Default_Ignorable_Code_Point` (UAX #44).
 */
import { nameOfHidden } from './hidden-names.ts';

/** Characters that are part of how these scripts are written: joiners between their letters (UAX #31, section 2.3). */
const JOINED =
  '[\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Mongolian}\\p{Script=Devanagari}\\p{Script=Bengali}' +
  '\\p{Script=Gurmukhi}\\p{Script=Gujarati}\\p{Script=Oriya}\\p{Script=Tamil}\\p{Script=Telugu}' +
  '\\p{Script=Kannada}\\p{Script=Malayalam}\\p{Script=Sinhala}\\p{Script=Khmer}]';

/** Where a character that is usually hidden is ordinary: in emoji, and in scripts that are written with it. */
const ORDINARY = [
  // Text or emoji: ⚠️, 1️⃣
  '(?<=\\p{Extended_Pictographic}|\\p{Emoji_Modifier})[\\uFE0E\\uFE0F]',
  '(?<=[0-9#*])\\uFE0F(?=\\u20E3)',
  // One emoji of several: 👩‍🔬
  '(?<=[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\uFE0F])\\u200D(?=\\p{Extended_Pictographic})',
  `(?<=${JOINED})[\\u200C\\u200D](?=${JOINED})`,
  // Forms of one and the same letter (Unicode, IVD and Mongolian).
  '(?<=\\p{Script=Han})[\\uFE00-\\uFE02\\u{E0100}-\\u{E01EF}]',
  '(?<=\\p{Script=Mongolian})[\\u180B-\\u180F]',
  // Marks of number that are drawn, though Unicode calls them format characters.
  '[\\u0600-\\u0605\\u06DD\\u070F\\u0890\\u0891\\u08E2\\u{110BD}\\u{110CD}]',
].join('|');

/** Braille blank and the musical null note are drawn as nothing, though Unicode calls them symbols. */
const EVERY =
  '[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Bidi_Control}\\p{Default_Ignorable_Code_Point}\\p{Noncharacter_Code_Point}' +
  '\\u2028\\u2029\\u2800\\u{1D159}]';

/** One hidden character in text of several lines: tabs, line feeds and CRLF are none; a CR alone goes back over the line. */
export const HIDDEN_IN_PROSE = new RegExp(`(?![\\t\\n]|\\r\\n|${ORDINARY})${EVERY}`, 'gu');
/** One hidden character in a name or a title, where these three are hidden as well. */
export const HIDDEN_IN_LINE = new RegExp(`(?!${ORDINARY})${EVERY}`, 'gu');
/** One hidden character in a source file: Python passes over form feeds (Python reference, section 2.1.9). */
export const HIDDEN_IN_CODE = new RegExp(`(?![\\t\\n\\r\\f]|${ORDINARY})${EVERY}`, 'gu');

/** Most text, in which nothing can be hidden. */
const PLAIN = /^[\t\n\x20-\x7e]*$/;

export interface Hidden {
  /** In UTF-16 code units. */
  readonly at: number;
  readonly character: string;
}

/** The hidden characters of a text in order, `most` of them at most. */
export function findHidden(text: string, kind: RegExp, most = Number.POSITIVE_INFINITY): Hidden[] {
  const found: Hidden[] = [];
  if (kind !== HIDDEN_IN_LINE && PLAIN.test(text)) return found;
  for (const match of text.matchAll(kind)) {
    if (found.length >= most) break;
    found.push({ at: match.index, character: match[0] });
  }
  return found;
}

/** `U+202E`, as everybody writes code points. */
export const codePointOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** `U+202E (right-to-left override)` */
export const describeHidden = (character: string): string =>
  `${codePointOf(character)} (${nameOfHidden(character)})`;

/** Text of several lines for a terminal or a log, each hidden character as `<U+202E>`. */
export const visible = (text: string): string => spelledOut(text, HIDDEN_IN_PROSE);

/** A name or a title likewise; a tab or a line's end is spelled out too, so that it stays one line. */
export const visibleLine = (text: string): string => spelledOut(text, HIDDEN_IN_LINE);

/** Nobody reads JSON that is nested deeper. */
const MOST_DEPTH = 100;

/** Every text in a JSON value likewise, keys included. */
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
