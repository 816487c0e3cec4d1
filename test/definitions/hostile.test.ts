import t from 'tap';
import { DEFAULT_BANNED } from '../../registry/definitions/policy.ts';
import { validateDefinition } from '../../registry/definitions/validate.ts';
import { exercise, hostileTexts, nested } from './hostile.ts';

const policy = { banned: [...DEFAULT_BANNED], allowed: [] };

t.test('token soup, mutated definitions and noise throw nothing but our own error', async (t) => {
  const until = performance.now() + 4000;
  for (const text of hostileTexts(20261122)) {
    if (performance.now() > until) break;
    try {
      exercise(text);
    } catch (error) {
      t.fail(JSON.stringify(text), { error });
      break;
    }
  }
  t.ok(true);
});

t.test('nothing nests deep enough to overflow, or takes long', async (t) => {
  for (const count of [300, 5000]) {
    for (const [kind, text] of Object.entries(nested(count))) {
      const begun = performance.now();
      t.doesNotThrow(() => exercise(text), `${kind} × ${count}`);
      t.ok(performance.now() - begun < 5000, `${kind} × ${count} in bounded time`);
    }
  }
});

t.test('names used again and again do not grow without end', async (t) => {
  const lines = Array.from({ length: 40 }, (_, at) => `a${at + 1} = [a${at}, a${at}]`);
  const source = `a0 = ['x']\n${lines.join('\n')}\nclass A(Measurement):\n    data_columns = a40\n`;
  t.equal(validateDefinition('A', source, policy).class_info?.data_columns, null);
});

t.test('a file of 300 KB is analysed in half a second', async (t) => {
  const one = (at: number): string => `class A${at}(VisaBaseMeasurementInstrument):
    """A lock-in."""
    def __init__(self, name, adapter=''):
        super().__init__(name, adapter)
        self.data_columns = np.array(['X', 'Y'])
        self._define_settings({'a': -1, 'b': {'c': [1, -2.5e3]}})
    def _perform_measurement_impl(self):
        return np.array([[float(self.instrument.query('X?')), 2.0]])
`;
  let text = '';
  for (let at = 0; text.length < 300_000; at++) text += one(at);
  const times = Array.from({ length: 6 }, () => {
    const begun = performance.now();
    t.ok(validateDefinition('A7', text, policy).valid);
    return performance.now() - begun;
  });
  const best = Math.min(...times);
  t.comment(`${text.length} characters: ${best.toFixed(0)} ms`);
  t.ok(best < 500, `${best.toFixed(0)} ms`);
});

t.test('a mebibyte of what is slow to parse is judged in bounded time', async (t) => {
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
    const begun = process.threadCpuUsage().user;
    validateDefinition('A', text, policy);
    const spent = (process.threadCpuUsage().user - begun) / 1000;
    t.ok(spent < 4000, `${JSON.stringify(before + piece)}: ${spent.toFixed(0)} ms`);
  }
});

t.test('what CPython can read is not refused', async (t) => {
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
