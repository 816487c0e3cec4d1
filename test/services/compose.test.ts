/** What the fields of a save make of a definition's files. */
import t from 'tap';
import { describe } from '../../registry/definitions/metadata.ts';
import type { Files } from '../../registry/definitions/types.ts';
import type { DefinitionChange } from '../../registry/schemas/definitions.ts';
import { checkFiles } from '../../registry/services/definitions/check-files.ts';
import { compose } from '../../registry/services/definitions/compose.ts';
import { measurement } from '../helpers/registry.ts';

const text = (files: Files, path = 'Meter.py') => Buffer.from(files.get(path) ?? '').toString();
const make = (change: DefinitionChange, before: Files = new Map()) =>
  compose('Meter', before, change);
const first = (change: DefinitionChange = {}) =>
  make({ source_code: measurement('Meter'), ...change });

t.test(
  'a field that the source does not state is written into its header, above unchanged code',
  async (t) => {
    const files = first({ category: 'Meters', data_units: ['mV'] });
    t.match(text(files), /^# \/\/\/ script\n[\s\S]*# category = "Meters"\n[\s\S]*# \/\/\/\n/);
    t.ok(text(files).endsWith(measurement('Meter')));
    t.match(describe('Meter', files), {
      category: 'Meters',
      data_units: ['mV'],
      data_columns: ['value'],
    });
  },
);

t.test('a field that the code states already writes nothing', async (t) => {
  const stated = {
    data_columns: ['value'],
    data_units: ['V'],
    instrument_type: 'measurement',
  } as const;
  t.equal(
    text(first({ ...stated, data_columns: ['value'], data_units: ['V'] })),
    measurement('Meter'),
  );
});

t.test(
  'a source without a header keeps the old one; one with a header brings its own',
  async (t) => {
    const before = first({ category: 'Meters' });
    const bare = make({ source_code: measurement('Meter', 2) }, before);
    t.match(text(bare), /# category = "Meters"[\s\S]*2\.0/);
    const own = `# /// script\n# [tool.pybirch]\n# category = "Scopes"\n# ///\n${measurement('Meter')}`;
    t.equal(text(make({ source_code: own }, before)), own);
  },
);

t.test('null takes a key out of the header', async (t) => {
  const files = make({ category: null }, first({ category: 'Meters', manufacturer: 'Acme' }));
  t.notMatch(text(files), /category/);
  t.match(text(files), /manufacturer = "Acme"/);
});

t.test('a null inside metadata is refused with its path, for TOML has none', async (t) => {
  const change = { default_settings: { range: { low: [1, null] } } };
  try {
    first(change as never);
    t.fail('it was taken');
  } catch (error) {
    t.match(error, { code: 'invalid', status: 422 });
    t.match(JSON.stringify((error as { errors: unknown }).errors), /range.*low.*1/);
  }
});

t.test('files merge, and null deletes', async (t) => {
  const before = first({ files: { 'a.py': 'a = 1\n', 'b/c.txt': 'c\n' } });
  const after = make({ files: { 'a.py': null, 'd.txt': 'd\n' } }, before);
  t.same([...after.keys()].sort(), ['Meter.py', 'b/c.txt', 'd.txt']);
  t.throws(() => make({ files: { 'Meter.py': null } }, before), { code: 'invalid' } as never);
  t.throws(() => make({ files: { '../x': 'x' } }, before), { code: 'invalid' } as never);
});

t.test('files that clash with each other or with those that stay are refused', async (t) => {
  const before = first({ files: { 'n.txt': 'n\n' } });
  const clash = (files: NonNullable<DefinitionChange['files']>, path: string) =>
    t.throws(() => make({ files }, before), { code: 'invalid', errors: [{ path }] } as never);
  clash({ a: 'x', 'a/b': 'y' }, 'files/a/b');
  clash({ 'n.txt/b': 'would take n.txt away' }, 'files/n.txt/b');
  clash({ 'meter.py': '' }, 'files/meter.py');
  clash({ '.gitattributes': '* text=auto\n' }, 'files/.gitattributes');
  const after = make({ files: { 'n.txt/b': 'b', 'n.txt': null } }, before);
  t.same([...after.keys()].sort(), ['Meter.py', 'n.txt/b'], 'a file may become a folder');
});

t.test('more than a version may hold is refused before it is written', async (t) => {
  const check = (files: [string, Uint8Array][]) =>
    checkFiles(
      'Meter',
      new Map([...first(), ...files]),
      undefined,
      { banned: [], allowed: [] },
      1 << 20,
    );
  const many = (count: number, path: (i: number) => string, bytes: Uint8Array) =>
    Array.from({ length: count }, (_, i): [string, Uint8Array] => [path(i), bytes]);
  const tooLarge = { code: 'too_large', status: 413 } as never;
  const nothing = new Uint8Array();
  check(many(999, (i) => `d${i}/f`, nothing));
  t.throws(() => check(many(1000, (i) => `d${i}/f`, nothing)), tooLarge, 'folders count');
  t.throws(() => check(many(33, (i) => `f${i}`, new Uint8Array(1 << 20))), tooLarge);
});

t.test('the base class is checked against the code, with or without its module', async (t) => {
  const check = (base: string) =>
    checkFiles('Meter', first(), base, { banned: [], allowed: [] }, 1e6);
  check('FakeMeasurementInstrument');
  check('pybirch.Instruments.base.FakeMeasurementInstrument');
  t.throws(() => check('VisaBaseMeasurementInstrument'), {
    code: 'invalid',
    errors: [{ path: 'base_class' }],
  } as never);
});
