import t from 'tap';
import { DEFAULT_BANNED } from '../../registry/definitions/banned.ts';
import { describe } from '../../registry/definitions/metadata.ts';
import { checkName, checkPath, checkPaths } from '../../registry/definitions/names.ts';
import { checkPolicy } from '../../registry/definitions/policy.ts';
import { parseModule } from '../../registry/definitions/syntax.ts';
import { validateDefinition } from '../../registry/definitions/validate.ts';
import { analyse } from './analyse.ts';

const policy = { banned: [...DEFAULT_BANNED], allowed: [] };
const codes = (source: string, allowed: string[] = []) =>
  validateDefinition(undefined, source, { ...policy, allowed }).errors.map((one) => one.code);
const measurement = (body: string): string =>
  `class A(BaseMeasurementInstrument):\n    def __init__(self, name):\n${body
    .split('\n')
    .map((line) => `        ${line}`)
    .join('\n')}\n`;

t.test('columns are read in every form that labs use, and never guessed', async (t) => {
  const table: [string, string[] | null][] = [
    ["self.data_columns = np.array(['X', 'Y'])", ['X', 'Y']],
    ["self.data_columns = ['X', 'Y']", ['X', 'Y']],
    ["self.data_columns = ('X', 'a' 'b',)", ['X', 'ab']],
    ["names = ['X']\nself.data_columns = np.array(names, dtype=str)", ['X']],
    ["self.data_columns: list = ['X'] + ['\\u00b5']", ['X', 'µ']],
    ["self.data_columns = [f'{name}']", null],
    ['self.data_columns = [name]', null],
    ["self.data_columns = ['X']\nself.data_columns += ['Y']", ['X', 'Y']],
    ["if name:\n    self.data_columns = ['X']\nelse:\n    self.data_columns = ['Y']", null],
    ['self.data_columns = self.COLUMNS', null],
  ];
  for (const [body, expected] of table)
    t.same(analyse(measurement(body))?.data_columns, expected, body);
  const bound = `COLUMNS = ['X']\nclass A(BaseMeasurementInstrument):\n    data_columns = COLUMNS\n    def __init__(self): pass\nclass B(A): pass\n`;
  t.same(analyse(bound, 'B')?.data_columns, ['X'], 'inherited from a class of the file');
  const hidden = bound.replace('    def __init__(self): pass\n', '');
  t.equal(analyse(hidden, 'B')?.data_columns, null, "hidden by what PyBirch's constructor sets");
});

t.test('settings are known completely or not at all, except for their names', async (t) => {
  const settings = (more: string) =>
    analyse(
      measurement(`self._define_settings({'a': -1, 'b': {'c': [1, -2.5e3]}, 'n': None${more}})`),
    );
  const known = { a: -1, b: { c: [1, -2500] }, n: null };
  t.same(settings('')?.default_settings, known);
  t.match(settings('')?.settings_schema, { properties: { a: { type: 'number' } } });
  t.equal(settings(", 'd': f()")?.default_settings, null);
  t.same(settings(", 'd': f()")?.settings_schema?.properties, {
    a: { type: 'number' },
    b: { type: 'object', properties: { c: { type: 'array' } } },
    n: {},
    d: {},
  });
  t.equal(settings(', 1: 2')?.settings_schema, null, 'JSON has no such key');
});

t.test('bases are found through aliases, attributes, imports, classes and siblings', async (t) => {
  const sources = [
    'from pybirch.Instruments import base\nclass A(base.FakeMeasurementInstrument): pass\n',
    'from pybirch.Instruments.base import FakeMeasurementInstrument as F\nclass A(F): pass\n',
    'import pybirch.Instruments.base as b\nBase = b.FakeMeasurementInstrument\nclass A(Base): pass\n',
    'class B(FakeMeasurementInstrument): pass\nclass A(B): pass\n',
    'class A(InstrumentSettingsMixin, FakeMeasurementInstrument): pass\n',
    'class A(Measurement): pass\n',
    'from helper import B\nclass A(B): pass\n',
    'from .helper import B as C\nclass A(C): pass\n',
    'import helper\nclass A(helper.B): pass\n',
  ];
  const helper = new Map([['helper.py', 'class B(FakeMeasurementInstrument): pass\n']]);
  for (const source of sources)
    t.equal(analyse(source, 'A', helper)?.instrument_type, 'measurement', source);
  t.equal(
    analyse('class A(B): pass\nclass B(A): pass\n', 'A')?.instrument_type,
    null,
    'a loop ends',
  );
});

t.test('files of all editors and old machines are read the same way', async (t) => {
  const source = 'class A(Movement):\n\tdef __init__(self):\n\t\tself.position_units = "µm"\n';
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const files: Uint8Array[] = [
    utf8(source),
    utf8(source.replaceAll('\n', '\r\n')),
    utf8(source.replaceAll('\n', '\r')),
    utf8(`\ufeff${source}`),
    Buffer.from(`# -*- coding: latin-1 -*-\n${source}`, 'latin1'),
    Buffer.from(`#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n${source}`, 'latin1'),
  ];
  for (const bytes of files)
    t.equal(describe('A', new Map([['A.py', bytes]])).position_units, 'µm');
});

t.test('syntax of Python 3.8 to 3.14 is accepted, that of Python 2 is not', async (t) => {
  const shapes = [
    'def f(a, /, b): return (c := a)\n',
    'match time:\n    case [1, *_] | {"a": 2}: pass\n',
    'try: pass\nexcept* ValueError: pass\n',
    'type X[T] = list[T]\ndef f[T: int = str](a: T) -> T: return a\n',
    'x = f"{"a" + f"{1}"}"\n',
    'x = t"{1}"\n',
    'try: pass\nexcept ValueError, TypeError: pass\n',
    'def f(x): return x\nwith (f(1) as a, f(2) as b): pass\n',
  ];
  const instrument = 'class A(Measurement): pass\n';
  for (const shape of shapes) t.same(codes(shape + instrument), [], shape);
  t.same(new Set(codes(`print 1\n${instrument}`)), new Set(['syntax']));
});

t.test('a file that does not parse gives only its syntax errors, with places', async (t) => {
  const { errors, warnings, class_info } = validateDefinition('A', 'import os\ndef f(:\n', policy);
  t.ok(errors.every((one) => one.code === 'syntax'));
  t.match(errors[0], { line: 2, column: 7 });
  t.same([warnings, class_info], [[], null]);
});

t.test('the policy finds banned imports and built-ins in any spelling', async (t) => {
  const instrument = 'class A(Measurement): pass\n';
  const table: [string, string[]][] = [
    ['import os\nos', ['banned-import']],
    ['import os.path as p\np', ['banned-import']],
    ['from os import path\npath', ['banned-import']],
    ['from urllib.request import urlopen\nurlopen', ['banned-import']],
    ['import time, os\nos', ['banned-import']],
    ['from .os import x\nx', []],
    ['import oslo\noslo', []],
    ['open("a")', ['banned-builtin']],
    ['f = eval\nf', ['banned-builtin']],
    ['import builtins as b\nb.open("a")', ['banned-builtin']],
    ['from builtins import open as o\no', ['banned-builtin']],
    ['__builtins__.exec("")', ['banned-builtin']],
    ['time.open()', []],
    ['def open(): pass\nopen()', []],
    ['print(open=1)', []],
    ['import \uff4fs as o\no', ['banned-import']],
    ['from \uff4fs import path\npath', ['banned-import']],
    ['\uff4fpen("a")', ['banned-builtin']],
    ['import builtins as b\nb.\uff45val("1")', ['banned-builtin']],
    ['import builtins as \uff42\nb.eval("1")', ['banned-builtin']],
    ['def \uff4fpen(): pass\nopen()', []],
    ['print(\uff4fpen=1)', []],
  ];
  for (const [source, expected] of table)
    t.same(codes(`${source}\n${instrument}`), expected, source);
  t.same(codes(`import os\nos\n${instrument}`, ['os']), [], 'a lab may lift a ban');
});

t.test('a banned name counts wherever it may refer to the built-in', async (t) => {
  const uses = (source: string): string[] =>
    checkPolicy(parseModule(source), policy).map(({ code }) => code);
  for (const source of [
    'class A:\n def open(self): pass\n def m(self): return open("x")',
    'class A:\n x = open("x")\n def open(self): pass',
    'class A:\n open: int\n x = open',
    'class A:\n open = 1\n [open for x in y]',
    'def f():\n open = 1\n class A:\n  x = open\n  open = 2',
    'def f(open): pass\nopen("x")',
    'open("x")\ndef open(p): pass',
    'def f(): return open("x")\nf()\ndef open(p): pass',
    '@run\ndef f(): return open("x")\ndef open(p): pass',
    'if x:\n open = 1\nopen("x")',
    'try:\n from x import open\nexcept ImportError:\n pass\nopen("x")',
    'if TYPE_CHECKING:\n from x import open\nopen("x")',
    'import x\nif not x.TYPE_CHECKING:\n from x import open\nopen("x")',
    'from typing import TYPE_CHECKING\nTYPE_CHECKING = 1\nif not TYPE_CHECKING:\n from x import open\nopen("x")',
    'import typing\nfrom x import typing\nif not typing.TYPE_CHECKING:\n from x import open\nopen("x")',
    'import sys\nsys.version_info = (3, 0)\nif sys.version_info >= (3, 9):\n from x import open\nopen("x")',
    '__name__ = "__main__"\nif __name__ == "__main__": pass\nelse:\n from x import open\nopen("x")',
    'with suppress(ImportError):\n from x import open\nopen("x")',
    'from x import *\nopen("x")',
    'open = 1\ndel (open)\nopen("x")',
    'open = 1\ndef f():\n global open\n del open\nopen("x")',
    'try: pass\nexcept E as open: pass\nopen("x")',
    'def f():\n global open\n open("x")',
    'open = open',
    'open += x',
    'with open("x") as open: pass',
    '[x for open in open(y)]',
    '[open := x for x in y if open(x)]',
    'type X = open("x")',
    'def f[T: open](x): pass',
    '@open\ndef f(): pass',
    'match x:\n case open(): pass',
  ])
    t.same([...new Set(uses(source))], ['banned-builtin'], source);
  for (const source of [
    'def f(): return open("x")\ndef open(p): pass',
    'def f():\n def open(): pass\n def g(): return open("x")',
    'try:\n from x import open\nexcept ImportError:\n def open(p): pass\nopen("x")',
    'if x:\n open = 1\nelse:\n open = 2\nopen("x")',
    'class A:\n open = 1\n x = [open]',
    '[open for open in x]',
    'def f[open](x: open): pass',
    'match x:\n case A(open=1): pass',
    'def f():\n (open := 1)\n [open for x in y]',
    'import re\nre.compile("x")',
  ])
    t.same(uses(source), [], source);
  const many = `${'def f(): return open\n'.repeat(9000)}open = 1\n`;
  t.equal(uses(many).length, 9000, 'all nine thousand uses are found');
});

t.test('a banned module or built-in is found through other modules', async (t) => {
  const uses = (source: string): string[] =>
    checkPolicy(parseModule(source), policy).map(({ code }) => code);
  for (const source of [
    'import builtins\nclass A:\n def f(self): b = builtins; return b.open',
    '__builtins__["open"]',
    'getattr(__builtins__, "op" "en")',
    'import builtins\nvars(builtins)["open"]',
    'import builtins\nbuiltins.__dict__["open"]',
    'globals()["__builtins__"]["open"]',
    'import sys\nsys.modules["builtins"].open("x")',
    'import builtins\n@builtins.exec\ndef f(): pass',
    'import builtins\nmatch x:\n case builtins.open: pass',
    '(b := __builtins__).open("x")',
    'f(b := __builtins__)\nb.eval',
    'def f(b=__builtins__): return b.open',
    'import io\nio.open("x")',
    'from io import open\nopen("x")',
  ])
    t.same(uses(source), ['banned-builtin'], source);
  for (const source of [
    'from glob import os',
    'import glob\nglob.os.system("x")',
    'import tempfile as t\nt._os.system("x")',
    'from sys import modules as m\nm["subprocess"]',
  ])
    t.same(uses(source), ['banned-import'], source);
  t.same(uses('import glob, sys\nglob.glob("x")\nsys.modules["numpy"]'), []);
});

t.test('names are compared as Python compares them, in normal form KC', async (t) => {
  const source = `\uff23 = FakeMovementInstrument
class \uff21(C):
    def __init__(\uff53elf, name):
        super().__init__(name)
        self.position_\uff43olumn = \uff43olumn
column = "x"
`;
  const info = analyse(source, 'A');
  t.match(info, { name: 'A', instrument_type: 'movement', position_column: 'x' });
  t.equal(analyse('class A(Movement): pass\n', '\uff21'), null, 'a name from outside is not code');
});

t.test('a number may end in a decimal point', async (t) => {
  const body = "self._define_settings({'a': 1., 'b': 1.e-3, 'c': [2., -3.], 'd': 1_0.})";
  t.same(analyse(measurement(body))?.default_settings, { a: 1, b: 0.001, c: [2, -3], d: 10 });
});

t.test('a definition must contain its class, and the class must be an instrument', async (t) => {
  const check = (name: string, source: string) =>
    validateDefinition(name, source, policy).errors.map((one) => one.code);
  t.same(check('A', 'x = 1\n'), ['missing-class']);
  t.same(check('A', 'class A: pass\n'), ['not-an-instrument']);
  t.same(check('class', 'class A(Movement): pass\n'), ['bad-name', 'missing-class']);
  t.same(
    validateDefinition('A', new Map(), policy).errors.map((one) => one.code),
    ['missing-file'],
  );
  t.same(codes(measurement("self.data_columns = ['X']\nself.data_units = ['V', 'A']")), [
    'units-mismatch',
  ]);
  t.same(codes(measurement('self.x = unknown')), ['F821']);
});

t.test('a helper module is checked too, and findings name it', async (t) => {
  const files = new Map([
    ['A.py', new TextEncoder().encode('import helper\nclass A(helper.B): pass\n')],
    ['helper.py', new TextEncoder().encode('import os\nclass B(Movement):\n    x = os\n')],
  ]);
  t.match(validateDefinition('A', files, policy).errors, [
    { code: 'banned-import', file: 'helper.py', line: 1, column: 8 },
  ]);
});

t.test('a path that a save refuses is refused by the validation of texts too', async (t) => {
  const beside = new Map([['Data/x.txt', new TextEncoder().encode('x')]]);
  const source = measurement('self.x = 1');
  for (const path of ['../a.py', 'a\u0000.py', 'data/y.txt', '.gitattributes', 'con.py']) {
    const { valid, errors } = validateDefinition('A', source, policy, beside, { [path]: '' });
    t.match(errors, [{ code: 'bad-name', file: path }], path);
    t.equal(valid, false);
  }
  t.equal(validateDefinition('A', source, policy, beside, { 'b.py': '' }).valid, true);
});

t.test(
  'contradictions of header and code, and bad schemas, are reported with their line',
  async (t) => {
    const source = `# /// script
# [tool.pybirch]
# data-columns = ["Y"]
# status = "broken"
# [tool.pybirch.settings-schema]
# type = "nonsense"
# ///
${measurement("self.data_columns = ['X']")}`;
    const { errors, warnings } = validateDefinition('A', source, policy);
    t.match(errors, [
      { code: 'header-type', line: 4 },
      { code: 'settings-schema', line: 5 },
    ]);
    t.match(warnings[0], { code: 'header-contradicts-code', line: 3 });
  },
);

t.test('names and paths that some lab computer could not store are refused', async (t) => {
  for (const name of ['A', '_x1', 'match']) t.equal(checkName(name), null, name);
  for (const name of ['', '1a', 'é', 'None', 'class', 'CON', 'com1', 'a'.repeat(101)])
    t.type(checkName(name), 'string', name);
  for (const path of ['A.py', 'tests/test_a.py', 'data/µ.csv', '.gitignore'])
    t.equal(checkPath(path), null, path);
  const bad = [
    '',
    '/a',
    'a//b',
    '../a',
    'a/./b',
    '.git/x',
    'a/.GIT',
    'git~1',
    '.g\u200cit',
    '.git.',
    '.gitmodules',
    'a/.GITATTRIBUTES ',
    'gitmod~1',
    '.gita\u200cttributes',
  ];
  for (const path of [
    ...bad,
    'a\\b',
    'c:a',
    'nul.txt',
    'a/aux',
    'a.',
    'a ',
    'a\nb',
    'a'.repeat(300),
  ])
    t.type(checkPath(path), 'string', path);
});

t.test('paths that would be one file on some lab computer are refused together', async (t) => {
  const clashes = (...paths: string[]) => checkPaths(paths).map(({ path }) => path);
  t.same(clashes('A.py', 'a/b.py', 'a/c.py', 'b/a', 'ab'), []);
  t.same(clashes('../a', 'b', '.gitattributes'), ['../a', '.gitattributes'], 'each by itself');
  t.same(clashes('paths.py', 'Paths.py'), ['Paths.py'], 'case');
  t.same(clashes('\u00e9.py', 'e\u0301.py'), ['e\u0301.py'], 'composed and decomposed');
  t.same(clashes('stra\u00dfe.py', 'STRASSE.py'), ['STRASSE.py'], 'a letter that folds to two');
  t.same(clashes('a', 'a/b'), ['a/b'], 'a file as a folder');
  t.same(clashes('a/b', 'A'), ['A'], 'a folder as a file, in another case');
  t.same(clashes('data/a', 'Data/b'), ['Data/b'], 'a folder in two cases');
});
