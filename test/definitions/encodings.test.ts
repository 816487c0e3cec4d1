/** Compares how the registry and the machine's `python3` decode Python files. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { DefinitionError } from '../../registry/definitions/errors.ts';
import { decodeSource, encodeSource } from '../../registry/definitions/source.ts';

/** Prints the tables of the encodings, and the string at the end of each file as an import reads it. */
const SCRIPT = `
import ast, base64, encodings, encodings.aliases, importlib, json, pkgutil, sys, warnings
warnings.simplefilter('ignore')

def characters(codec):
    row = []
    for byte in range(256):
        try:
            row.append(bytes([byte]).decode(codec))
        except UnicodeDecodeError:
            row.append(None)
    return row

def table(codec):
    try:
        module = importlib.import_module('encodings.' + encodings.aliases.aliases.get(codec, codec))
    except ImportError:  # Windows' own are elsewhere absent.
        return None
    is_table = hasattr(module, 'decoding_table') or module.__name__ in ('encodings.ascii', 'encodings.latin_1')
    return characters(codec) if is_table else None

def judge(data):
    try:
        return ast.parse(data).body[-1].value.value
    except (SyntaxError, UnicodeDecodeError):
        return None

modules = [one.name for one in pkgutil.iter_modules(encodings.__path__)]
names = sorted({*modules, *encodings.aliases.aliases} - {'aliases', 'mbcs', 'oem', 'csHPRoman8'})
asked = json.load(sys.stdin)
json.dump({
    'tables': {name: table(name) for name in names},
    'texts': [judge(base64.b64decode(one)) for one in asked],
}, sys.stdout)
`;

interface Answer {
  /** The table of each encoding, by the encoding's name; null if it does not have 256 characters. */
  tables: Record<string, (string | null)[] | null>;
  texts: (string | null)[];
}

function askPython(files: readonly Uint8Array[]): Answer | null {
  const input = JSON.stringify(files.map((bytes) => Buffer.from(bytes).toString('base64')));
  const options = { input, encoding: 'utf8', maxBuffer: 64 << 20 } as const;
  const { status, stdout, stderr, error } = spawnSync('python3', ['-I', '-c', SCRIPT], options);
  if (error) return null;
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const COOKIES = ['utf-8', 'UTF8', 'latin_1', 'iso8859-15', 'cp437', 'mac-roman', 'koi8-u', 'ascii'];
const ODD_COOKIES = ['utf-8-sig', 'utf_8_unix', 'latin-1-dos', 'l1', 'no-such', 'windows-1252'];

const ends = fc.constantFrom('\n', '\r\n', '\r', '\f\n', '\n\n');
const cookies = fc
  .tuple(
    fc.constantFrom('# coding: ', '# -*- coding: ', '#coding=', ' \t# vim: fileencoding=', '#x '),
    fc.constantFrom(...COOKIES, ...ODD_COOKIES),
  )
  .map(([before, name]) => `${before}${name}`);
const heads = fc.constantFrom(
  '#!/usr/bin/python',
  '# nothing',
  '',
  '   ',
  '\f',
  'x = 1',
  '"""a"""',
);
const odd = fc.constantFrom('é', 'µ', '€', '\xa0', 'Ω', '\xff', '\x81', '');

/**
 * Files with up to two lines before the encoding cookie, then characters in a string. The cookie counts only in the
 * first two lines of a file.
 */
const layouts = fc
  .record({
    bom: fc.constantFrom('', '', '\ufeff', '\ufeff', '\ufeff\ufeff'),
    before: fc.array(fc.tuple(heads, ends), { maxLength: 2 }),
    cookie: cookies,
    end: ends,
    letters: fc.array(odd, { maxLength: 3 }),
    asUtf8: fc.boolean(),
  })
  .map(({ bom, before, cookie, end, letters, asUtf8 }) =>
    Buffer.concat([
      Buffer.from(`${bom}${before.flat().join('')}${cookie}${end}X = '`),
      Buffer.from(letters.join(''), asUtf8 ? 'utf8' : 'latin1'),
      Buffer.from("'\n"),
    ]),
  );

const samples = fc.sample(layouts, { numRuns: 1500, seed: 20261130 });
const answer = askPython(samples);
const skip = answer === null && 'it needs a python3';

t.test('every single-byte encoding has the same characters as in Python', { skip }, async (t) => {
  if (answer === null) return;
  let read = 0;
  for (const [name, row] of Object.entries(answer.tables)) {
    if (row === null) continue;
    const known = row.filter((one) => one !== null);
    const isAscii = known.slice(0, 128).every((letter, byte) => letter.charCodeAt(0) === byte);
    // An encoding that is not ASCII below 128 cannot contain the cookie. An encoding with a duplicate character cannot
    // be written back.
    const isRead = isAscii && new Set(known).size === known.length;
    if (isRead) read++;
    // A comment cannot contain NUL or line ends.
    const differing = row.flatMap((letter, byte) => {
      const want = isRead ? letter : null;
      return [0, 10, 13].includes(byte) || want === characterOf(name, byte) ? [] : [byte];
    });
    t.strictSame(differing, [], name);
  }
  t.ok(read > 200, `${read} names`);
});

t.test(
  'encoding comments and byte order marks have the same meaning as in Python',
  { skip },
  async (t) => {
    if (answer === null) return;
    let read = 0;
    for (const [at, want] of answer.texts.entries()) {
      const bytes = samples[at] as Buffer;
      const ours = /X = '(.*)'\n$/s.exec(textOf(bytes) ?? '')?.[1] ?? null;
      if (ours !== want) t.fail(JSON.stringify({ bytes: bytes.toString('latin1'), want, ours }));
      if (ours !== null) read++;
    }
    t.ok(read > 500, `${read} of ${samples.length} could be read`);
  },
);

function textOf(bytes: Uint8Array): string | null {
  try {
    const source = decodeSource(bytes);
    if (!Buffer.from(encodeSource(source.text, source)).equals(bytes))
      t.fail(`not written back: ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`);
    return source.text;
  } catch (error) {
    if (error instanceof DefinitionError && error.code === 'undecodable') return null;
    throw error;
  }
}

function characterOf(encoding: string, byte: number): string | null {
  const bytes = Buffer.concat([Buffer.from(`# coding: ${encoding}\n#`), Buffer.from([byte])]);
  return textOf(bytes)?.at(-1) ?? null;
}
