/** Tests of skipped classes, of warnings, and of manufacturer and category, which come from folder names. */
import fc from 'fast-check';
import t from 'tap';
import { placeOf } from '../../../registry/definitions/extract/place.ts';
import type { ExtractOptions } from '../../../registry/definitions/extract/types.ts';
import { extractAll, extractTexts, meter, named, namesOf, skips, textsOf } from './helpers.ts';

const BASE = 'from pybirch.Instruments.base import BaseMovementInstrument\n';

t.test('shared state causes a warning in each definition', async (t) => {
  const stages = (state: string, use: string): string =>
    `${BASE}import threading, logging\nfrom functools import lru_cache\n\n\nclass Controller:\n    open_ports = {}\n\n    @classmethod\n    def get(cls):\n        cls.open_ports["a"] = 1\n\n\n${state}\n\n\nclass X(BaseMovementInstrument):\n    def __init__(self):\n        pass\n\n    def f(self):\n        return ${use}\n\n\nclass Y(X):\n    pass\n`;
  const shared: [string, string, RegExp | null][] = [
    ['c = Controller()', 'c', /m\.py:14: c is shared with Y in this folder/],
    [
      'c = None\n\n\ndef get():\n    global c\n    c = c or 1\n    return c',
      'get()',
      /: c is shared/,
    ],
    ['cache = {}', 'cache.update(a=1)', /: cache is shared/],
    ['cache = dict()', 'cache.pop(1)', /: cache is shared/],
    ['cache = []\ncache.append(1)', 'cache', /: cache is shared/],
    ['lock = threading.Lock()', 'lock', /: lock is shared/],
    ['import pyvisa\nbus = pyvisa.ResourceManager()', 'bus', /: bus is shared/],
    ['@lru_cache\ndef port():\n    return 1', 'port()', /: port is shared/],
    ['pass', 'Controller.get()', /: Controller\.open_ports is shared/],
    ['LIMITS = {"a": 1}', 'LIMITS["a"]', null],
    ['log = logging.getLogger(__name__)', 'log', null],
    ['import numpy as np\nV = np.array([1])', 'V', null],
  ];
  for (const [state, use, warning] of shared) {
    const found = extractTexts({ 'm.py': stages(state, use) });
    t.same(namesOf(found), ['X', 'Y'], state);
    const warnings = named(found, 'X').warnings.filter((text) => text.includes('shared'));
    if (warning === null) t.same(warnings, [], state);
    else t.match(warnings.join('\n'), warning, state);
    t.equal(named(found, 'Y').warnings.length, named(found, 'X').warnings.length, state);
  }
});

t.test(
  'clashing names are skipped with both places; equal definitions are imported once',
  async (t) => {
    const found = extractTexts({
      'a/one.py': meter('Same'),
      'b/two.py': meter('Same'),
      'a/x.py': meter('Meter'),
      'b/y.py': `${meter('Meter')}    v = 1\n`,
      'c/z.py': meter('Stage'),
      'd/z.py': meter('STAGE'),
    });
    t.same(namesOf(found), ['Same']);
    t.equal(named(found, 'Same').origin, 'a/one.py');
    t.same(
      skips(found).filter((text) => !text.includes('no class')),
      [
        'a/x.py Meter: its name clashes with Meter in b/y.py:1',
        'b/two.py Same: the same as Same in a/one.py:1',
        'b/y.py Meter: its name clashes with Meter in a/x.py:1',
        'c/z.py Stage: its name clashes with STAGE in d/z.py:1',
        'd/z.py STAGE: its name clashes with Stage in c/z.py:1',
      ],
    );
  },
);

t.test(
  'Python is recognized by content; unreadable files are reported with the place',
  async (t) => {
    const found = extractTexts({
      plain: meter('Plain'),
      'driver.drv': meter('Text'),
      script: `#!/usr/bin/env python3\n${meter('Script')}`,
      'notes.md': '# Notes\n\n    class A(BaseMeasurementInstrument):\n',
      'table.csv': '1,2\n',
      'image.bin': new Uint8Array([0, 1, 2]),
      'broken.py': 'class A(BaseMeasurementInstrument):\n    def f(self) return 1\n',
      old: 'import os\nclass A(BaseMeasurementInstrument):\n    def f(self):\n        print "x"\n',
      'named.py': `DOT = "\\N{NO SUCH DOT}"\n${meter('Named')}`,
      'latin.py': new Uint8Array([0x23, 0x20, 0xe9, 0x0a]),
      'nul.py': new Uint8Array([0x23, 0, 0x0a]),
    });
    t.same(namesOf(found), ['Plain', 'Script', 'Text']);
    const reasons = Object.fromEntries(found.skipped.map((skip) => [skip.path, skip]));
    t.match(reasons['notes.md'], { reason: 'not Python' });
    t.match(reasons['table.csv'], { reason: 'not Python' });
    t.match(reasons['image.bin'], { reason: 'not Python' });
    t.match(reasons['broken.py'], { reason: /does not parse/, line: 2 });
    t.match(reasons.old, { reason: /does not parse/, line: 4 });
    t.match(reasons['named.py'], { reason: /does not parse/, line: 1 });
    t.match(reasons['latin.py'], { reason: /does not decode/, line: 1, column: 3 });
    t.match(reasons['nul.py'], { reason: /does not decode/ });
  },
);

t.test('a file that is too large to be read is skipped', async (t) => {
  const found = extractAll([{ path: 'big.py', bytes: null }]);
  t.same(found.skipped, [{ path: 'big.py', reason: 'too large' }]);
});

t.test('manufacturer and category come from the folders', async (t) => {
  t.same(placeOf('Stanford_Research/sr830.py', ['lab', 'Instruments']), {
    manufacturer: 'Stanford Research',
  });
  t.same(placeOf('Keithley/Source_Meters/k.py', ['x']), {
    manufacturer: 'Keithley',
    category: 'Source Meters',
  });
  t.same(placeOf('raman/spectrometer/s.py', ['lab', 'setups']), { category: 'raman' });
  t.same(placeOf('pybirch/Instruments/ESP/esp', []), { manufacturer: 'ESP' });
  t.same(placeOf('k.py', ['lab', 'Instruments', 'Keithley']), { manufacturer: 'Keithley' });
  t.same(placeOf('k.py', ['home', 'someone']), {});
  t.same(placeOf('Instruments/KEITHLEY 6221/k.py', []), { manufacturer: 'KEITHLEY' });
  t.same(placeOf('Rohde_and_Schwarz/s.py', ['x']), { manufacturer: 'Rohde and Schwarz' });
  t.same(placeOf('k.py', ['setups', 'raman', 'spectrometer']), { category: 'raman' });
  for (const folder of ['QCL1', 'Generic', 'abstract_instruments', 'utils', 'fakes'])
    t.same(placeOf(`Instruments/${folder}/x.py`, []), {}, folder);
  for (const folder of ['devices', 'our_stuff', 'lab', 'src'])
    t.same(placeOf(`${folder}/x.py`, ['home', 'someone']), {}, folder);
});

t.test('manufacturer and category go into the header unless the file states them', async (t) => {
  const header = '# /// script\n# [tool.pybirch]\n# manufacturer = "Own"\n# ///\n';
  const found = extractTexts(
    { 'Some_Maker/a.py': meter('A'), 'Some_Maker/b.py': `${header}${meter('B')}` },
    { location: ['Instruments'] },
  );
  t.match(textsOf(named(found, 'A'))['A.py'], /^# manufacturer = "Some Maker"$/m);
  t.match(textsOf(named(found, 'B'))['B.py'], /^# manufacturer = "Own"$/m);
  t.notMatch(textsOf(named(found, 'B'))['B.py'], /Some Maker/);
});

t.test('no input makes the extraction throw', async (t) => {
  const words =
    'class def from import * as if try: except else: A B (BaseMovementInstrument): . .. = += [ ] { } "x.csv"';
  const pieces = ['\n', '\n    ', '\n\t', '# c\n', '\\\n', '"""', "f'{A}'", 'm.A()', 'global A'];
  const word = fc.constantFrom(...words.split(' '), ...pieces, 'from m import *', 'import m.n');
  const text = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 40 }).map((all) => all.join(' ')),
  );
  fc.assert(
    fc.property(text, text, (one, two) => {
      extractTexts({ 'm.py': one, 'B.py': `${two}\n${meter('B')}`, n: two });
    }),
    { numRuns: 300 },
  );
  const deep = `x = ${'('.repeat(100_000)}\n${meter('B')}`;
  const found = extractTexts({ 'm.py': deep, plain: deep, 'b.py': meter('C') });
  t.same(namesOf(found), ['C']);
  t.match(skips(found)[0], /m\.py -: does not parse/);
});

t.test('leftovers, backups, stubs and text that only resembles Python are ignored', async (t) => {
  const left = [
    ...[
      'x.py~',
      '.x.py.swp',
      '.#x.py',
      '#x.py#',
      'x.py.bak',
      'x.bak',
      'x.py.orig',
      'x.py.rej',
      'x.py.old',
      'x.py_old',
    ],
    ...[
      'x.py-2021',
      'x.py.1',
      'x.py.save',
      'x.txt',
      'x.pyi',
      'x.pyx',
      'x.md',
      'x.py.disabled',
      'x.diff',
      'x.py.tmp',
    ],
  ];
  const files = Object.fromEntries(left.map((path) => [path, `${meter('X')}    v = 1\n`]));
  const found = extractTexts({ 'x.py': meter('X'), ...files, 'n.ipynb': '{"cells": []}' });
  t.same(textsOf(named(found, 'X')), { 'X.py': meter('X') });
  t.same(found.skipped.map(({ path }) => path).sort(), [...left, 'n.ipynb'].sort());
  t.match(skips(found).join('\n'), /n\.ipynb -: a notebook: .*nbconvert/);
  t.match(skips(found).join('\n'), /x\.pyi -: a stub/);
});

t.test('the original wins over a file that is a copy by its name', async (t) => {
  const copies = [
    'Copy of x.py',
    'x - Copy.py',
    'x copy.py',
    'x (1).py',
    'x_old.py',
    'x.bak.py',
    'old_x.py',
    'x_2021-03-04.py',
    'x (copy).py',
    'x (another copy).py',
    'x (3rd copy).py',
    'x_BACKUP_1.py',
    'x - Copy (2).py',
    'x_old2.py',
    'x.orig.1.py',
    'x-backup-2021-03-04.py',
  ];
  for (const path of [...copies, 'old/x.py', 'sub/archive/x.py', 'backup/sub/x.py']) {
    const found = extractTexts({ 'x.py': meter('X'), [path]: `${meter('X')}    v = 1\n` });
    t.same(namesOf(found), ['X'], path);
    t.equal(named(found, 'X').origin, 'x.py', path);
    t.same(skips(found), [`${path} X: in a copy of x.py, going by the file's name`]);
  }
  for (const path of ['y.py', 'gold_x.py', 'sub/x.py', 'x2.py', 'oldx.py']) {
    const found = extractTexts({ 'x.py': meter('X'), [path]: `${meter('X')}    v = 1\n` });
    t.same(namesOf(found), [], path);
  }
  t.same(namesOf(extractTexts({ 'x_old.py': meter('X'), 'y.py': meter('Y') })), ['X', 'Y']);
});

t.test('include, exclude, prefer and rename choose what is imported', async (t) => {
  const files = {
    'lab1/m.py': meter('Meter'),
    'lab2/m.py': `${meter('Meter')}    model = "Meter"\n`,
    'lab2/stage.py': `${meter('StageBase')}\n\n${meter('Stage', 'StageBase')}`,
  };
  const named = (choice: ExtractOptions['choice'] = {}) => {
    const found = extractTexts(files, { choice });
    return [namesOf(found).join(' '), found.unmet.join(' ')];
  };
  t.same(named(), ['Stage', '']);
  t.same(named({ prefer: ['lab2'] }), ['Meter Stage', '']);
  t.same(named({ exclude: ['lab2'] }), ['Meter', '']);
  t.same(named({ exclude: ['St*', '/lab1/**'] }), ['Meter', '']);
  t.same(named({ include: ['lab1/'] }), ['Meter', '']);
  t.same(
    named({ include: ['StageBase'] }),
    ['StageBase', ''],
    'imported although its name looks like a base',
  );
  t.same(named({ rename: [{ from: 'Meter', to: 'Meter2', path: 'lab2/m.py' }] }), [
    'Meter Meter2 Stage',
    '',
  ]);
  t.same(named({ rename: [{ from: 'Metre', to: 'M' }], exclude: ['x.py'], prefer: ['lab3'] }), [
    'Stage',
    '--exclude x.py --prefer lab3 --rename Metre=M',
  ]);
  const { definitions } = extractTexts(files, {
    choice: { prefer: ['lab2/m.py'], rename: [{ from: 'Meter', to: 'New' }] },
  });
  const [own] = definitions;
  t.match(own, { name: 'New', original: 'Meter', origin: 'lab2/m.py' });
  t.same(own?.warnings, ['texts that mention Meter are unchanged: New.py:4']);
  t.match(own && textsOf(own)['New.py'], /^class New\(.*\n.*\n.*\n {4}model = "Meter"$/m);
});
