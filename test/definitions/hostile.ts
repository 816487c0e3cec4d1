/** Hostile text. No input may hang the registry, overflow its stack, or throw an error that is not ours. */

import { DEFAULT_BANNED } from '../../registry/definitions/banned.ts';
import { DefinitionError } from '../../registry/definitions/errors.ts';
import { readHeader, writeHeader } from '../../registry/definitions/header.ts';
import { describe } from '../../registry/definitions/metadata.ts';
import { validateDefinition } from '../../registry/definitions/validate.ts';

const policy = { banned: [...DEFAULT_BANNED], allowed: [] };
const REAL = `# /// script
# dependencies = ["numpy"]
# [tool.pybirch]
# display-name = "µ"
# ///
class A(VisaBaseMeasurementInstrument):
    """doc"""
    def __init__(self, name, adapter=''):
        self.data_columns = np.array(['X', f'{name!r:>{3}}'])
        self._define_settings({'a': -1, **{}, 'b': [1, (2,)]})
    @property
    def position(self): return [x for x in (lambda y=1: y)(2) if x] or {1: 2}[1:2]
`;
const TOKENS =
  'class def A ( ) [ ] { } : , . = == -1 "a" \'\'\' """ f"{ } t" \\ \n \n\t \n    \r \x0c \x85 😀 µ if else lambda not import from * ** @ match case async await yield # ; := -> 0x 1e999 self.data_columns _define_settings # /// script # ///'.split(
    ' ',
  );

/** An endless stream of texts. The seed determines them. */
export function* hostileTexts(seed: number): Generator<string> {
  let state = seed >>> 0 || 1;
  const below = (limit: number): number => {
    // xorshift32 (Marsaglia 2003)
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  for (;;) {
    const soup = Array.from({ length: below(80) }, () => TOKENS[below(TOKENS.length)]);
    yield soup.join(below(2) ? ' ' : '');
    const at = below(REAL.length);
    yield REAL.slice(0, at) + (TOKENS[below(TOKENS.length)] ?? '') + REAL.slice(at + below(9));
    yield Array.from({ length: below(200) }, () => String.fromCodePoint(below(0x250))).join('');
  }
}

/** Texts in which one construct is nested or repeated `count` times. */
export function nested(count: number): Record<string, string> {
  const pieces = [
    '(',
    '[',
    '{1:',
    'not ',
    '-',
    'lambda: ',
    'a if b else ',
    "f'{",
    "t'{",
    'a**',
    '@',
  ];
  const repeated = pieces.map((piece) => [piece, piece.repeat(count)]);
  const indents = Array.from(
    { length: Math.min(count, 1200) },
    (_, at) => `${' '.repeat(at)}if x:\n`,
  );
  return {
    ...Object.fromEntries(repeated),
    balanced: `x = ${'['.repeat(count)}${']'.repeat(count)}`,
    attributes: `a${'.b'.repeat(count)}`,
    calls: `f${'()'.repeat(count)}`,
    sum: `x = 1${' + 1'.repeat(count)}`,
    line: `x = [${'1, '.repeat(count)}]`,
    arguments: `f(${'a, '.repeat(count)})`,
    targets: `${'a, '.repeat(count)}b = c`,
    indents: indents.join(''),
    concatenation: `x = ${'"a" '.repeat(count)}`,
    toml: `# /// script\n# ${'a.'.repeat(count)}b = 1\n# ///\n`,
    arrays: `# /// script\n# a = ${'['.repeat(count)}\n# ///\n`,
    comments: '# /// script\n'.repeat(count),
  };
}

/** Passes one text to every function that reads definitions. Rethrows any error except a DefinitionError. */
export function exercise(text: string): void {
  const bytes = new TextEncoder().encode(text);
  validateDefinition('A', text, policy);
  describe('A', new Map([['A.py', bytes]]));
  readHeader(text);
  try {
    writeHeader(text, { display_name: 'x', default_settings: { a: 1 } });
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
  }
}
