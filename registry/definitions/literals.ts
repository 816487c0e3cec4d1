/** Computes the values of Python's literals. */

/** The names of the Greek letters in Unicode, in the order of the code points from U+0391. */
const GREEK =
  'ALPHA BETA GAMMA DELTA EPSILON ZETA ETA THETA IOTA KAPPA LAMDA MU NU XI OMICRON PI RHO - SIGMA TAU UPSILON PHI CHI PSI OMEGA';

/** Characters by their Unicode names (`\\N{DEGREE SIGN}`): only those that units and quantities use. */
const CHARACTERS: ReadonlyMap<string, string> = new Map([
  ...GREEK.split(' ').flatMap((letter, at): [string, string][] =>
    letter === '-'
      ? [['GREEK SMALL LETTER FINAL SIGMA', '\u03c2']]
      : [
          [`GREEK CAPITAL LETTER ${letter}`, String.fromCharCode(0x391 + at)],
          [`GREEK SMALL LETTER ${letter}`, String.fromCharCode(0x3b1 + at)],
        ],
  ),
  ['DEGREE SIGN', '\u00b0'],
  ['DEGREE CELSIUS', '\u2103'],
  ['DEGREE FAHRENHEIT', '\u2109'],
  ['MICRO SIGN', '\u00b5'],
  ['OHM SIGN', '\u2126'],
  ['KELVIN SIGN', '\u212a'],
  ['ANGSTROM SIGN', '\u212b'],
  ['LATIN CAPITAL LETTER A WITH RING ABOVE', '\u00c5'],
  ['LATIN SMALL LETTER A WITH RING ABOVE', '\u00e5'],
  ['SQUARE ROOT', '\u221a'],
  ['INFINITY', '\u221e'],
  ['PLUS-MINUS SIGN', '\u00b1'],
  ['MULTIPLICATION SIGN', '\u00d7'],
  ['MIDDLE DOT', '\u00b7'],
  ['DOT OPERATOR', '\u22c5'],
  ['MINUS SIGN', '\u2212'],
  ['PER MILLE SIGN', '\u2030'],
  ['PRIME', '\u2032'],
  ['DOUBLE PRIME', '\u2033'],
  ['SUPERSCRIPT MINUS', '\u207b'],
  ['SUPERSCRIPT ONE', '\u00b9'],
  ['SUPERSCRIPT TWO', '\u00b2'],
  ['SUPERSCRIPT THREE', '\u00b3'],
  ['SUBSCRIPT ZERO', '\u2080'],
  ['SUBSCRIPT ONE', '\u2081'],
  ['SUBSCRIPT TWO', '\u2082'],
]);

/** The value of a number literal: a bigint for any integer, a double for a float, undefined for an imaginary number. */
export function numberValue(literal: string): bigint | number | undefined {
  const plain = literal.replaceAll('_', '').toLowerCase();
  if (/^0[xob]/.test(plain) || /^\d+$/.test(plain)) {
    // CPython refuses longer integers (`sys.int_info.default_max_str_digits`). CPython also refuses `017`, but accepts
    // `00`.
    if (plain.length > 4300 || /^0\d*[1-9]/.test(plain)) return undefined;
    try {
      return BigInt(plain);
    } catch {
      return undefined;
    }
  }
  return /^(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/.test(plain) ? Number(plain) : undefined;
}

const SIMPLE: Record<string, string> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/**
 * The value of a string literal. Returns undefined for bytes, for f-strings, and for a `\N{…}` that is not in the
 * table.
 */
export function stringValue(literal: string): string | undefined {
  const [, prefix = '', quotes = ''] = /^([a-zA-Z]*)("""|'''|"|')/.exec(literal) ?? [];
  if (!quotes || /[bft]/i.test(prefix) || !literal.endsWith(quotes)) return undefined;
  if (literal.length < prefix.length + 2 * quotes.length) return undefined;
  const body = literal.slice(prefix.length + quotes.length, -quotes.length).replace(/\r\n?/g, '\n');
  if (/r/i.test(prefix)) return body;
  return unescaped(body);
}

/** Replaces the escapes of a string. Returns undefined if an escape is unknown. */
export function unescaped(body: string): string | undefined {
  let known = true;
  const text = body.replace(
    /\\(?:\n|N\{([^}]*)\}|([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(00(?:10|0[0-9a-fA-F])[0-9a-fA-F]{4})|([\s\S]))/g,
    (whole, named, octal, two, four, eight, letter) => {
      if (named !== undefined) {
        const character = CHARACTERS.get(named.toUpperCase());
        known &&= character !== undefined;
        return character ?? '';
      }
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      const hex = two ?? four ?? eight;
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      return letter === undefined ? '' : (SIMPLE[letter] ?? whole);
    },
  );
  return known ? text : undefined;
}
