/** Files that already have the layout of an export are imported unchanged. */
import fc from 'fast-check';
import t from 'tap';
import { extractAll, extractTexts, meter, named, namesOf, skips, textsOf } from './helpers.ts';

t.test('extracting an export returns every definition byte for byte', async (t) => {
  const name = fc.stringMatching(/^[A-Z][a-z]{2,6}[0-9]?$/);
  const text = fc.constantFrom(
    '',
    '# end\n',
    '\n\n\n',
    '\nX = 1\r\n',
    '\nprint("hello")\n',
    '\nif __name__ == "__main__":\n    pass\n',
  );
  const helper = fc.constantFrom(
    { 'bus.py': 'import os\n\nclass Bus:\n    pass\n' },
    { 'tests/test_it.py': 'assert True\n', 'data/t.csv': '1,2\n' },
    { 'other.py': meter('Inner'), 'README.md': '# Hi\n' },
    {},
  );
  const definition = fc.record({
    name,
    header: fc.constantFrom('', '# /// script\n# [tool.pybirch]\n# category = "X"\n# ///\n'),
    base: fc.constantFrom('BaseMeasurementInstrument', 'base.FakeMovementInstrument'),
    text,
    helper,
    second: fc.boolean(),
  });
  const definitions = fc.uniqueArray(definition, {
    selector: (one) => one.name.toLowerCase(),
    maxLength: 6,
  });
  fc.assert(
    fc.property(definitions, (all) => {
      const folder: Record<string, string> = {};
      const expected: Record<string, Record<string, string>> = {};
      for (const { name, header, base, text, helper, second } of all) {
        const code = header + meter(name, base) + (second ? meter(`${name}Second`) : '') + text;
        const files: Record<string, string> = { [`${name}.py`]: code, ...helper };
        const alone = Object.keys(files).length === 1;
        for (const [path, content] of Object.entries(files)) {
          folder[alone ? path : `${name}/${path}`] = content;
        }
        expected[name] = files;
      }
      const found = extractTexts(folder, { location: ['lab', 'Instruments'] });
      const got = Object.fromEntries(found.definitions.map((one) => [one.name, textsOf(one)]));
      t.same(got, expected);
    }),
    { numRuns: 60 },
  );
});

t.test('the header makes a class with an unknown base a definition', async (t) => {
  const text =
    '# /// script\n# [tool.pybirch]\n# instrument-type = "measurement"\n# ///\nclass K(Instrument):\n    pass\n';
  t.same(textsOf(named(extractTexts({ 'K.py': text }), 'K')), { 'K.py': text });
  t.same(namesOf(extractTexts({ 'K.py': 'class K(Instrument):\n    pass\n' })), []);
});

t.test('further classes in an exported file stay in it and are reported', async (t) => {
  const found = extractTexts({ 'Stage.py': meter('Axis') + meter('Stage') });
  t.same(namesOf(found), ['Stage']);
  t.same(skips(found), ['Stage.py Axis: stays inside Stage, because this is a file of Stage']);
});

t.test('a single file that needs its neighbours is not an export', async (t) => {
  const found = extractTexts({
    'Meter.py': `from bus import Bus\n\n${meter('Meter')}    bus = Bus\n`,
    'bus.py': 'class Bus:\n    pass\n',
  });
  t.same(Object.keys(textsOf(named(found, 'Meter'))), ['Meter.py', 'bus.py']);
});

t.test(
  'a single file keeps the data it needs, and modules that only re-export names',
  async (t) => {
    const stub =
      'try:\n    from pybirch.Instruments.base import FakeMeasurementInstrument\nexcept ImportError:\n    class FakeMeasurementInstrument:\n        pass\n';
    const cases: [code: string, beside: Record<string, string>][] = [
      ['CAL = "tables/cal.csv"\n', { 'tables/cal.csv': '1\n' }],
      ['CAL = r"tables\\cal.csv"\n', { 'tables/cal.csv': '1\n' }],
      ['from stub import FakeMeasurementInstrument\n', { 'stub.py': stub }],
    ];
    for (const [code, beside] of cases) {
      const text = `${code}${meter('Meter', 'FakeMeasurementInstrument')}    cal = CAL\n`;
      const found = extractTexts({ 'Meter.py': text, ...beside });
      t.same(
        Object.keys(textsOf(named(found, 'Meter'))).sort(),
        ['Meter.py', ...Object.keys(beside)],
        code,
      );
    }
    // The other definitions of an export are not data files of this one.
    const other = {
      'Meter.py': `NAME = "Stage.py"\n${meter('Meter')}`,
      'Stage.py': meter('Stage'),
    };
    t.same(textsOf(named(extractTexts(other), 'Meter')), { 'Meter.py': other['Meter.py'] });
  },
);

t.test('a folder with a file too large to be part of a definition is skipped', async (t) => {
  const found = extractAll([
    { path: 'Meter/Meter.py', bytes: new TextEncoder().encode(meter('Meter')) },
    { path: 'Meter/table.bin', bytes: null },
  ]);
  t.same(found.definitions, []);
  t.match(found.skipped, [{ path: 'Meter/table.bin', class: 'Meter', reason: 'too large' }]);
});

t.test('the type of a further base class is written into the header for any folder', async (t) => {
  const bases = new Map([['Instrument', 'movement' as const]]);
  for (const path of ['K.py', 'K/K.py', 'sub/k.py', 'sub/K/K.py']) {
    const found = extractTexts({ [path]: meter('K', 'Instrument') }, { bases });
    const texts = textsOf(named(found, 'K'));
    t.match(texts['K.py'], /^# instrument-type = "movement"$/m, path);
    const again = extractTexts({ 'K.py': texts['K.py'] ?? '' }, { bases });
    t.same(textsOf(named(again, 'K')), texts);
  }
});

t.test('syntax that some lab computers cannot read adds requires-python', async (t) => {
  let path = '';
  const texts = (code: string): string =>
    textsOf(named(extractTexts({ [path]: code }), 'K'))['K.py'] ?? '';
  for (path of ['k.py', 'K.py', 'K/K.py']) {
    t.match(
      texts(`${meter('K')}\n    type Unit = int\n`),
      /^# requires-python = ">=3\.12"$/m,
      path,
    );
    t.notMatch(texts(meter('K')), /requires-python/, path);
  }
});

t.test('files with inconsistent tabs are skipped with their place', async (t) => {
  const found = extractTexts({ 'k.py': `${meter('K')}\tx = 1\n        y = 2\n` });
  t.same(namesOf(found), []);
  t.match(found.skipped, [{ path: 'k.py', reason: /does not parse/, line: 4 }]);
});
