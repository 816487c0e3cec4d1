/**
 * Reads number literals (tok_get_normal_mode and verify_end_of_number of Parser/lexer/lexer.c; language reference 2.6,
 * "Numeric literals").
 */

const DIGITS = '[0-9](?:_?[0-9])*';
const LITERALS: [kind: string, pattern: RegExp][] = [
  ['hexadecimal', /0[xX](?:_?[0-9a-fA-F])+/y],
  ['octal', /0[oO](?:_?[0-7])+/y],
  ['binary', /0[bB](?:_?[01])+/y],
  [
    'decimal',
    new RegExp(`(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:[eE][+-]?${DIGITS})?[jJ]?`, 'y'),
  ],
];
/** Keywords that may follow a number without a space: `1if x else 2`. */
const FOLLOWING = /(?:and|else|for|i[fns]|not|or)|(?![\w\u0080-\uffff])/y;
/** The most digits of a number that Python converts (`sys.int_info.default_max_str_digits`). */
const MAX_DIGITS = 4300;

/** Finds where the number that begins at `from` ends, and the error in it. */
export function scanNumber(text: string, from: number): { to: number; message: string | null } {
  const prefixed = /0[xXoObB]/y;
  prefixed.lastIndex = from;
  const isPrefixed = prefixed.test(text);
  for (const [kind, pattern] of LITERALS) {
    pattern.lastIndex = from;
    const literal = pattern.exec(text)?.[0];
    if (literal === undefined) continue;
    const to = from + literal.length;
    FOLLOWING.lastIndex = to;
    if ((isPrefixed && kind === 'decimal') || !FOLLOWING.test(text))
      return { to, message: `invalid ${kind} literal` };
    return { to, message: kind === 'decimal' ? decimalFault(literal) : null };
  }
  return { to: from + 1, message: 'invalid decimal literal' };
}

function decimalFault(literal: string): string | null {
  if (/[.eEjJ]/.test(literal)) return null;
  if (/^0[0_]*[1-9]/.test(literal))
    return 'leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers';
  if (literal.length > MAX_DIGITS && literal.replaceAll('_', '').length > MAX_DIGITS)
    return `Exceeds the limit (${MAX_DIGITS} digits) for integer string conversion`;
  return null;
}
