/**
 * Checks string literals as Parser/string_parser.c does. The allowed escapes are those of
 * `_PyUnicode_DecodeUnicodeEscapeInternal` in Objects/unicodeobject.c.
 */

const ESCAPE = /\\(?:\r\n|[\s\S])/g;
const HEX: Record<string, [pattern: RegExp, shape: string]> = {
  x: [/[0-9a-fA-F]{2}/y, 'xXX'],
  u: [/[0-9a-fA-F]{4}/y, 'uXXXX'],
  U: [/[0-9a-fA-F]{8}/y, 'UXXXXXXXX'],
};
const NAMED = /\{[^{}]+\}/y;

/** The error in the literal, or in a piece of an f-string, between these offsets; null if there is none. */
export function literalFault(
  text: string,
  from: number,
  to: number,
  { raw, bytes }: { raw: boolean; bytes: boolean },
): string | null {
  const literal = text.slice(from, to);
  if (bytes && /[^\0-\x7f]/.test(literal)) return 'bytes can only contain ASCII literal characters';
  if (raw || !literal.includes('\\')) return null;
  for (const { 0: written, index } of literal.matchAll(ESCAPE)) {
    const letter = written[1] as string;
    const end = index + written.length;
    if (bytes && letter === 'x' && !fits(HEX.x?.[0] as RegExp, literal, end))
      return '(value error) invalid \\x escape';
    const fault = bytes ? null : characterFault(letter, literal, end);
    if (fault !== null) return `(unicode error) 'unicodeescape' codec can't decode bytes: ${fault}`;
  }
  return null;
}

function characterFault(letter: string, literal: string, end: number): string | null {
  if (letter === 'N') return fits(NAMED, literal, end) ? null : 'malformed \\N character escape';
  const [pattern, shape] = HEX[letter] ?? [];
  if (pattern === undefined) return null;
  if (!fits(pattern, literal, end)) return `truncated \\${shape} escape`;
  const isCharacter =
    letter !== 'U' || Number.parseInt(literal.slice(end, end + 8), 16) <= 0x10ffff;
  return isCharacter ? null : 'illegal Unicode character';
}

function fits(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}
