/** How the fields of a save change the files of a definition. */
import fc from 'fast-check';
import t from 'tap';
import { AnalysisPool } from '../../registry/analysis/pool.ts';
import { describe } from '../../registry/definitions/metadata.ts';
import type { Files } from '../../registry/definitions/types.ts';
import type { DefinitionChange } from '../../registry/schemas/definitions.ts';
import { OPERATOR } from '../../registry/services/caller.ts';
import { shownText } from '../../registry/services/content/files.ts';
import { checkFiles, compose } from '../../registry/services/definitions/save-files.ts';
import { measurement } from '../helpers/registry.ts';

const text = (files: Files, path = 'Meter.py') => Buffer.from(files.get(path) ?? '').toString();
const analysis = new AnalysisPool();
t.teardown(() => analysis.close());
const deps = { analysis, maxFileBytes: 1 << 20 };
const POLICY = { banned: [], allowed: [] };
const make = (change: DefinitionChange, before: Files = new Map()) =>
  compose(deps, OPERATOR, 'Meter', before, change);
const first = (change: DefinitionChange = {}) =>
  make({ source_code: measurement('Meter'), ...change });

t.test(
  'a field that the source does not state is written into its header; the code stays',
  async (t) => {
    const files = await first({ category: 'Meters', data_units: ['mV'] });
    t.match(text(files), /^# \/\/\/ script\n[\s\S]*# category = "Meters"\n[\s\S]*# \/\/\/\n/);
    t.ok(text(files).endsWith(measurement('Meter')));
    t.match(describe('Meter', files), {
      category: 'Meters',
      data_units: ['mV'],
      data_columns: ['value'],
    });
  },
);

t.test('a field that the code already states writes nothing', async (t) => {
  const stated = {
    data_columns: ['value'],
    data_units: ['V'],
    instrument_type: 'measurement',
  } as const;
  t.equal(
    text(await first({ ...stated, data_columns: ['value'], data_units: ['V'] })),
    measurement('Meter'),
  );
});

t.test(
  'a source without a header keeps the old one; one with a header brings its own',
  async (t) => {
    const before = await first({ category: 'Meters' });
    const bare = await make({ source_code: measurement('Meter', 2) }, before);
    t.match(text(bare), /# category = "Meters"[\s\S]*2\.0/);
    const own = `# /// script\n# [tool.pybirch]\n# category = "Scopes"\n# ///\n${measurement('Meter')}`;
    t.equal(text(await make({ source_code: own }, before)), own);
  },
);

t.test('null removes a key from the header', async (t) => {
  const files = await make(
    { category: null },
    await first({ category: 'Meters', manufacturer: 'Acme' }),
  );
  t.notMatch(text(files), /category/);
  t.match(text(files), /manufacturer = "Acme"/);
});

t.test('a null inside metadata is refused with its path, because TOML has none', async (t) => {
  const change = { default_settings: { range: { low: [1, null] } } };
  try {
    await first(change as never);
    t.fail('the null was accepted');
  } catch (error) {
    t.match(error, { code: 'invalid', status: 422 });
    t.match(JSON.stringify((error as { errors: unknown }).errors), /range.*low.*1/);
  }
});

t.test('files are merged, and null deletes one', async (t) => {
  const before = await first({ files: { 'a.py': 'a = 1\n', 'b/c.txt': 'c\n' } });
  const after = await make({ files: { 'a.py': null, 'd.txt': 'd\n' } }, before);
  t.same([...after.keys()].sort(), ['Meter.py', 'b/c.txt', 'd.txt']);
  await t.rejects(make({ files: { 'Meter.py': null } }, before), { code: 'invalid' } as never);
  await t.rejects(make({ files: { '../x': 'x' } }, before), { code: 'invalid' } as never);
});

t.test('files that clash with each other or with existing files are refused', async (t) => {
  const before = await first({ files: { 'n.txt': 'n\n' } });
  const clash = (files: NonNullable<DefinitionChange['files']>, path: string) =>
    t.rejects(make({ files }, before), { code: 'invalid', errors: [{ path }] } as never);
  await clash({ a: 'x', 'a/b': 'y' }, 'files/a/b');
  await clash({ 'n.txt/b': 'would take n.txt away' }, 'files/n.txt/b');
  await clash({ 'meter.py': '' }, 'files/meter.py');
  await clash({ '.gitattributes': '* text=auto\n' }, 'files/.gitattributes');
  const after = await make({ files: { 'n.txt/b': 'b', 'n.txt': null } }, before);
  t.same([...after.keys()].sort(), ['Meter.py', 'n.txt/b'], 'a file may become a folder');
});

t.test('files beyond the limits of a version are refused before they are written', async (t) => {
  const check = async (files: [string, Uint8Array][]) => {
    const all = new Map([...(await first()), ...files]);
    await checkFiles(deps, OPERATOR, 'Meter', all, undefined, POLICY);
  };
  const many = (count: number, path: (i: number) => string, bytes: Uint8Array) =>
    Array.from({ length: count }, (_, i): [string, Uint8Array] => [path(i), bytes]);
  const tooLarge = { code: 'too_large', status: 413 } as never;
  const nothing = new Uint8Array();
  await check(many(999, (i) => `d${i}/f`, nothing));
  await t.rejects(check(many(1000, (i) => `d${i}/f`, nothing)), tooLarge, 'folders are counted');
  await t.rejects(check(many(33, (i) => `f${i}`, new Uint8Array(1 << 20))), tooLarge);
});

t.test('the base class is checked against the code, with or without its module', async (t) => {
  const check = async (base: string) =>
    await checkFiles(deps, OPERATOR, 'Meter', await first(), base, POLICY);
  await check('FakeMeasurementInstrument');
  await check('pybirch.Instruments.base.FakeMeasurementInstrument');
  await t.rejects(check('VisaBaseMeasurementInstrument'), {
    code: 'invalid',
    errors: [{ path: 'base_class' }],
  } as never);
});

t.test('a byte order mark appears once and stays', async (t) => {
  const marked = `\ufeff${measurement('Meter')}`;
  const files = await make({ source_code: marked });
  t.equal(text(files), marked);
  t.equal(text(await make({ source_code: marked }, files)), marked, 'saved as sent');
  const next = await make({ source_code: measurement('Meter', 2) }, files);
  t.equal(text(next), `\ufeff${measurement('Meter', 2)}`, 'saved as shown, with a change');
  const described = text(await make({ category: 'Meters' }, files));
  t.match(described, /^\ufeff# \/\/\/ script\n/);
  t.equal(described.lastIndexOf('\ufeff'), 0);
  const withHeader = await make({ source_code: marked }, await first({ category: 'Meters' }));
  t.match(text(withHeader), /^\ufeff# \/\/\/ script\n/, 'below an old header that it keeps');
});

t.test('files saved as shown stay byte for byte in any encoding', async () => {
  const contents = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .tuple(
        fc.constantFrom(
          '',
          '\ufeff',
          '# coding: latin-1\n',
          '# coding: cp437\r\n',
          '# coding: big5\n',
        ),
        fc.uint8Array({ maxLength: 40 }),
      )
      .map(([head, rest]) => Buffer.concat([Buffer.from(head), rest])),
  );
  const path = fc.constantFrom('helper.py', 'table.csv', 'raw.bin');
  const definition = await first();
  await fc.assert(
    fc.asyncProperty(path, contents, async (path, bytes) => {
      const before = new Map<string, Uint8Array>([...definition, [path, bytes]]);
      const after = await make({ files: { [path]: shownText(path, bytes) } }, before);
      return Buffer.from(after.get(path) as Uint8Array).equals(bytes);
    }),
  );
});

t.test('a helper module is written in the encoding that it declares', async (t) => {
  const helper = '# coding: latin-1\nUNIT = "µV"\n';
  const files = await first({ files: { 'helper.py': helper } });
  t.strictSame(Buffer.from(files.get('helper.py') ?? ''), Buffer.from(helper, 'latin1'));
  await t.rejects(make({ files: { 'helper.py': helper.replace('µ', 'Ω') } }, files), {
    errors: [{ path: 'files/helper.py', line: 2, column: 9 }],
  } as never);
});

t.test('errors refer to lines of the text that was sent', async (t) => {
  const broken = `\ufeff${measurement('Meter')}    x = = 1\n`;
  const line = broken.split('\n').findIndex((one) => one.includes('= =')) + 1;
  const change = { source_code: broken, category: 'Meters' };
  const check = async (files: Files, typed: string) =>
    await checkFiles(deps, OPERATOR, 'Meter', files, undefined, POLICY, typed);
  const there = { errors: [{ path: 'source_code', line, end_line: line }] } as never;
  await t.rejects(
    check(await make(change), broken),
    there,
    'below a header that the fields created',
  );
  const kept = await make({ source_code: broken }, await first({ category: 'Meters' }));
  await t.rejects(check(kept, broken), there, 'below an existing header');
  const source_code = measurement('Meter');
  const schema = await make({ source_code, settings_schema: { type: 'nothing' } });
  await t.rejects(check(schema, source_code), {
    errors: [{ path: 'settings_schema', line: undefined }],
  } as never);
});
