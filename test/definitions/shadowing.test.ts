/**
 * The flaw: a helper file `time.py` was valid. On the lab computer, `import time` loaded this helper, which has no
 * `sleep`. The oracle is `sys.stdlib_module_names` of the Pythons on this machine.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { validateDefinition } from '../../registry/definitions/validate.ts';

const run = promisify(execFile);
const text = (source: string) => new TextEncoder().encode(source);
const MAIN = `from pybirch.Instruments.base import FakeMeasurementInstrument


class Meter(FakeMeasurementInstrument):
    def _perform_measurement_impl(self):
        return [[1.0]]
`;

/** The files that cause a warning, in the order of the warnings. */
function warningsFor(...paths: string[]): string[] {
  const files = new Map([
    ['Meter.py', text(MAIN)],
    ...paths.map((path) => [path, text('X = 1\n')] as const),
  ]);
  const { warnings } = validateDefinition('Meter', files, { banned: [], allowed: [] });
  return warnings.filter(({ code }) => code === 'shadows-module').map(({ file }) => file ?? '');
}

t.test('a helper named like a standard module causes a warning with its file', async (t) => {
  const names = new Set<string>();
  for (const python of ['python3', 'python3.12', 'python3.13', 'python3.14']) {
    const code = 'import sys; print(*sys.stdlib_module_names)';
    const asked = await run(python, ['-c', code]).catch(() => undefined);
    for (const name of asked?.stdout.trim().split(' ') ?? []) names.add(name);
  }
  t.ok(names.size > 250, 'a Python listed its module names');
  const standard = [...names].filter((name) => !name.startsWith('_')).map((name) => `${name}.py`);
  t.same(warningsFor(...standard), standard);
  const folders = ['time/__init__.py', 'typing/deep/x.py', 'numpy.py', 'pybirch/__init__.py'];
  t.same(warningsFor(...folders), folders);
});

t.test('other names and subfolders cause no warning', (t) => {
  t.same(warningsFor('helper.py', 'tools/time.py', 'Time.py', 'time.csv', 'timer.py'), []);
  t.end();
});

t.test('the edited text of a helper is checked, and a removed helper is not', (t) => {
  const beside = new Map([['helper.py', text('X = 1\n')]]);
  const errors = (edited: Record<string, string | null>) =>
    validateDefinition('Meter', MAIN, { banned: [], allowed: [] }, beside, edited).errors.map(
      ({ file, line, code }) => `${file}:${line} ${code}`,
    );
  t.same(errors({}), []);
  t.same(errors({ 'helper.py': 'def f():\n    nonlocal x\n' }), ['helper.py:2 syntax']);
  t.same(errors({ 'helper.py': '# coding: latin-1\nX = "\u20ac"\n' }), ['helper.py:2 encoding']);
  t.same(errors({ 'more.py': 'return 1\n', 'helper.py': null }), ['more.py:1 syntax']);
  t.end();
});
