import { readFileSync } from 'node:fs';
import t from 'tap';
import { DEFAULT_BANNED } from '../../registry/definitions/banned.ts';
import { isCopyOf } from '../../registry/definitions/extract/clashes.ts';
import { lint } from '../../registry/definitions/lint.ts';
import { parseModule } from '../../registry/definitions/syntax.ts';
import { validateDefinition } from '../../registry/definitions/validate.ts';
import { SOURCES } from '../helpers/hostile-requests.ts';
import { exercise, hostileTexts, nested } from './hostile.ts';

const policy = { banned: [...DEFAULT_BANNED], allowed: [] };

/** The CPU milliseconds that `work` takes in this thread. A server would not answer meanwhile. */
function cpuTime(work: () => void): number {
  const begun = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(begun);
  return (user + system) / 1000;
}

/** Repeats the pieces until the text has 300 KB. */
function repeated(piece: (at: number) => string): string {
  let text = '';
  for (let at = 0; text.length < 300_000; at++) text += piece(at);
  return text;
}

t.test(
  'token soup, mutated definitions and noise throw no error but a DefinitionError',
  async (t) => {
    let count = 0;
    for (const text of hostileTexts(20261122)) {
      if (count === 150) break;
      t.doesNotThrow(() => exercise(text), `text ${++count}`, { text });
    }
    t.equal(count, 150);
  },
);

t.test('deep nesting neither overflows the stack nor takes long', async (t) => {
  for (const count of [300, 1500]) {
    for (const [kind, text] of Object.entries(nested(count))) {
      const spent = cpuTime(() => t.doesNotThrow(() => exercise(text), `${kind} × ${count}`));
      t.ok(spent < 2000, `${kind} × ${count}: ${spent.toFixed(0)} ms`);
    }
  }
});

t.test('repeated names do not grow without end', async (t) => {
  const lines = Array.from({ length: 40 }, (_, at) => `a${at + 1} = [a${at}, a${at}]`);
  const source = `a0 = ['x']\n${lines.join('\n')}\nclass A(Measurement):\n    data_columns = a40\n`;
  t.equal(validateDefinition('A', source, policy).class_info?.data_columns, null);
});

t.test('a file of 300 KB is analysed in half a second', async (t) => {
  const measurement = (at: number): string => `class A${at}(VisaBaseMeasurementInstrument):
    """A lock-in."""
    def __init__(self, name, adapter=''):
        super().__init__(name, adapter)
        self.data_columns = np.array(['X', 'Y'])
        self._define_settings({'a': -1, 'b': {'c': [1, -2.5e3]}})
    def _perform_measurement_impl(self):
        return np.array([[float(self.instrument.query('X?')), 2.0]])
`;
  const builtin = new URL('../../registry/builtin/SR830/SR830.py', import.meta.url);
  const source = readFileSync(builtin, 'utf8');
  const code = source.slice(source.indexOf('# ///\n', 12) + '# ///\n'.length);
  const texts: [string, string][] = [
    ['SR8307', repeated((at) => code.replaceAll('SR830', `SR830${at}`))],
    ['A7', repeated(measurement)],
  ];
  // Warm-up, because in a server V8 has already compiled the code.
  for (const [name, text] of texts) validateDefinition(name, text, policy);
  for (const [name, text] of texts) {
    const times = [1, 2, 3].map(() =>
      cpuTime(() => t.same(validateDefinition(name, text, policy).errors, [])),
    );
    const best = Math.min(...times);
    t.ok(best < 500, `${name}, ${text.length} characters: ${best.toFixed(0)} ms`);
  }
});

t.test('a definition of many files of a mebibyte is refused before it is read', async (t) => {
  const bytes = Buffer.from('a '.repeat(1 << 19));
  const main = Buffer.from('class A(Measurement): pass\n');
  const files = new Map<string, Uint8Array>([['A.py', main]]);
  for (let at = 0; at < 50; at++) files.set(`helper${at}.py`, bytes);
  const spent = cpuTime(() => {
    const { errors } = validateDefinition('A', files, policy);
    t.equal(errors.filter((one) => one.code === 'too-large').length, 49);
    t.match(
      errors.find((one) => one.code === 'too-large'),
      { file: 'helper1.py', message: /reads at most 2097152 bytes/ },
    );
  });
  t.ok(spent < 8000, `${spent.toFixed(0)} ms`);
});

t.test('a mebibyte of slow input is checked in bounded time', async (t) => {
  const pieces: [string, string][] = [
    ['"a" ', ''],
    ["t'{", ''],
    ['{1:', ''],
    ['a ', ''],
    ['}', ''],
    ['a=', ''],
    ['\u00a0', ''],
    ['t"{1}"\n', ''],
    ['a, ', 'import '],
    ['a, ', "''.format("],
  ];
  for (const [piece, before] of pieces) {
    const text = before + piece.repeat((1 << 20) / Buffer.byteLength(piece));
    const spent = cpuTime(() => validateDefinition('A', text, policy));
    t.ok(spent < 4000, `${JSON.stringify(before + piece)}: ${spent.toFixed(0)} ms`);
  }
});

/**
 * The flaws: regular expressions that began anew at every place of a long run took quadratic time, and the one for marks
 * of copies exponential time. Recheck now checks every expression (test/regular-expressions).
 */
t.test('long runs of one character take time in proportion to their length', async (t) => {
  const run = (piece: string) => piece.repeat(65_536 / piece.length);
  const texts = [
    `class A(Measurement):\n    '''a${run(' ')}b'''\n`,
    `class A(Measurement):\n    '''a${run('"')}b'''\n`,
    `class A(Measurement):\n    @a${run(' ')}.b\n    def f(self): pass\n`,
    `match x:\n    case {0x${run('e')}: 1}: pass\n`,
    `import sys\nif sys.version_info >= (3, 9): pass\n${run('import a, ')}\n`,
    `from typing import TYPE_CHECKING\nif TYPE_CHECKING: pass\n${run('TYPE_CHECKING:')}\n`,
    `import sys\nif sys.version_info >= (3, 9): pass\nx = {${repeated(() => 'sys:1,')}}\n`,
    `if${run(' ')}(x): pass\n`,
    `# /// script\n# dependencies = ["a @ b${run(' ')}c"]\n# ///\nclass A(Measurement): pass\n`,
  ];
  for (const text of texts) {
    const spent = cpuTime(() => exercise(text));
    t.ok(spent < 1500, `${text.slice(0, 60)}: ${spent.toFixed(0)} ms`);
  }
  const marks = `a-(${'old 000000-00000000 ('.repeat(24)}`;
  const spent = cpuTime(() => {
    t.notOk(isCopyOf(`${marks}b.py`, 'a.py'));
    t.ok(isCopyOf('meter_old (2) 2024-01-02.py', 'Meter.py'));
    t.ok(isCopyOf('meter copy-2024-01-02-old3.py', 'meter.py'));
    t.notOk(isCopyOf('meters.py', 'meter.py'));
  });
  t.ok(spent < 500, `${spent.toFixed(0)} ms`);
});

t.test('text that CPython can read is not refused', async (t) => {
  const instrument = 'class A(Measurement): pass\n';
  const sources = [
    `x = ${'['.repeat(199)}${']'.repeat(199)}\n`,
    `x = [\n${'"a",\n'.repeat(20_000)}]\n`,
    `x = ("a"\n${'"a"\n'.repeat(20_000)})\n`,
    'x = f"{1:{"}"}>{3}} {{ {"(" + f"{2!r}"}" f"\\N{EM DASH}"\n'.repeat(300),
    `x = f'{"("}' '''("'''\n`.repeat(300),
  ];
  for (const source of sources)
    t.same(validateDefinition('A', source + instrument, policy).errors, [], source.slice(0, 40));
});

t.test('a trap in ruff is reported, and the next text is linted', async (t) => {
  const module = parseModule('x = 1\n');
  const { syntax } = lint({ ...module, text: `x = ${'-'.repeat(200_000)}1\n` });
  t.match(syntax, [{ code: 'syntax', message: /nested too deeply/ }]);
  t.match(lint(parseModule('def f():\n    return y\n')).errors, [{ code: 'F821', line: 2 }]);
});

t.test('unreasonable text is refused before it is parsed', async (t) => {
  const refused: [string, RegExp][] = [
    ['newlines', /More than 100000 lines/],
    ['statements', /More than 100000 lines/],
    ['elif', /More than 20000 statements/],
    ['imports', /More than 20000 statements/],
    ['keys in the header', /The header has more than 524288 characters/],
    ['unique items', /The header has more than 524288 characters/],
  ];
  for (const [name, message] of refused) {
    const spent = cpuTime(() => {
      const { errors } = validateDefinition('A', SOURCES[name] as string, policy);
      t.ok(
        errors.some((error) => message.test(error.message)),
        name,
      );
    });
    t.ok(spent < 1000, `${name}: ${spent.toFixed(0)} ms`);
  }
  const lines = `x = """${'\n'.repeat(99_000)}"""\nclass A(Measurement): pass\n`;
  t.same(validateDefinition('A', lines, policy).errors, []);
});
