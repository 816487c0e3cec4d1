import fc from 'fast-check';
import t from 'tap';
import { DefinitionError } from '../../registry/definitions/errors.ts';
import { readHeader, transplantHeader, writeHeader } from '../../registry/definitions/header.ts';
import { positions } from '../../registry/definitions/source.ts';
import type { Header } from '../../registry/definitions/types.ts';

const FULL = `#!/usr/bin/env python
# -*- coding: utf-8 -*-
# /// script
# requires-python = ">=3.11"   # why
# dependencies = [
#   "numpy", # arrays
# ]
#
# [tool.pybirch]
# display-name = "x" # keep
#
# [tool.pybirch.settings-schema.properties.sensitivity]
# type = "number"
#
# [tool.other]   # foreign
#   a=1
# ///
"""doc"""
`;
const INLINE = `# /// script
# tool = { pybirch = { display-name = "x" }, other = { a = 1 } }
# ///
`;
const DOTTED = `# /// script
# tool.pybirch.display-name = "x"
# tool.pybirch.default-settings.a = 1
# ///
x = 1
`;

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((one) => one.isWellFormed());
const texts = fc.array(text, { maxLength: 4 });
const tree = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      text.filter((key) => key !== '__proto__' && key !== 'constructor' && key !== 'prototype'),
      tie('value'),
      {
        maxKeys: 3,
        noNullPrototype: true,
      },
    ),
  ),
})).value;
const table = fc.dictionary(fc.stringMatching(/^[a-z .]{1,6}$/), tree, {
  maxKeys: 3,
  noNullPrototype: true,
});
const changes = fc.record(
  {
    display_name: text,
    description: text,
    dependencies: texts,
    requires_python: text,
    data_columns: texts,
    status: fc.constantFrom('testing' as const, 'operational' as const),
    settings_schema: table,
    default_settings: table,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Header>;
const start = fc
  .constantFrom(FULL, INLINE, DOTTED, '', '"""doc"""\nx = 1\n', '#!x\n# comment\n')
  .chain((source) => fc.constantFrom(source, source.replaceAll('\n', '\r\n')));

t.test('written values are read back, and everything else stays', async () => {
  fc.assert(
    fc.property(start, changes, (source, wanted) => {
      const before = readHeader(source);
      const after = readHeader(writeHeader(source, wanted));
      // Other tests cover these two codes: hidden.test.ts covers hidden characters, a test below covers pip's rules.
      t.same(
        after.errors.filter(({ code }) => !/^(hidden-character|header-value)$/.test(code)),
        [],
      );
      t.strictSame(after.header, { ...before.header, ...wanted });
      t.same(after.extra, before.extra);
    }),
    { numRuns: 150 },
  );
});

t.test('writing twice changes nothing, and line ends stay', async () => {
  fc.assert(
    fc.property(start, changes, (source, wanted) => {
      const once = writeHeader(source, wanted);
      t.equal(writeHeader(once, wanted), once);
      if (source.includes('\r\n')) t.notMatch(once, /[^\r]\n/);
    }),
    { numRuns: 60 },
  );
});

t.test('a setting may have the name of any method of JavaScript objects', async (t) => {
  for (const name of Object.getOwnPropertyNames(Object.prototype)) {
    if (name === '__proto__' || name === 'constructor') continue; // the TOML parser refuses these
    const default_settings = { [name]: { [name]: 1 } };
    const text = writeHeader('x = 1\n', { default_settings });
    t.same(readHeader(text).header.default_settings, default_settings, name);
    t.equal(writeHeader(text, { default_settings }), text, name);
  }
});

t.test('a change of one key edits its own line', async (t) => {
  const changed = writeHeader(FULL, { display_name: 'new' });
  t.equal(changed, FULL.replace('"x" # keep', '"new" # keep'));
  t.equal(writeHeader(FULL, { display_name: 'x' }), FULL);
  t.equal(writeHeader(FULL, {}), FULL);
  t.equal(
    writeHeader(FULL, { display_name: null }),
    FULL.replace('# display-name = "x" # keep\n', ''),
  );
});

t.test('a new header goes below shebang and encoding line, above the docstring', async (t) => {
  const written = writeHeader('#!/bin/x\n# coding: utf-8\n"""doc"""\n', { category: 'Stages' });
  t.equal(
    written,
    '#!/bin/x\n# coding: utf-8\n# /// script\n# [tool.pybirch]\n# category = "Stages"\n# ///\n\n"""doc"""\n',
  );
  t.equal(
    transplantHeader(written, 'x = 1\n'),
    `${written.split('\n').slice(2, 7).join('\n')}\nx = 1\n`,
  );
});

t.test('a header follows PEP 723: one closed block; errors have their place', async (t) => {
  const block = '# /// script\n# dependencies = []\n# ///\n';
  t.match(readHeader(`${block}\n${block}`).errors, [{ code: 'header-toml', line: 5 }]);
  t.same(
    readHeader('# /// script\n# dependencies = []\n').header,
    {},
    'an unclosed header is not a header',
  );
  t.match(readHeader('# /// script\n# a = \n# ///\n').errors, [{ line: 2 }]);
  t.match(readHeader('# /// script\n# dependencies = 1\n# ///\n').errors, [
    { code: 'header-type', line: 2, column: 3 },
  ]);
  t.match(readHeader('# /// script\n# tool.pybirch.colour = 1\n# ///\n').warnings, [
    { code: 'header-unknown-key', line: 2 },
  ]);
});

t.test('an ignored header causes a warning at the responsible line', async (t) => {
  const warned: [text: string, line: number, why: RegExp][] = [
    ['# /// script\n# [tool.pybirch]\nimport os\n', 1, /no last line/],
    [
      '# /// script\n# dependencies = []\n\n# [tool.pybirch]\n# ///\n',
      3,
      /Each line of the script block must/,
    ],
    ['# /// script\n#dependencies = []\n# ///\n', 2, /Each line of the script block must/],
    ['# /// script\n#\tdependencies = []\n# ///\n', 2, /Each line of the script block must/],
    ['# /// script\n# dependencies = []\n# /// \n', 3, /last line of the script block/],
    ['#/// script\n# dependencies = []\n# ///\n', 1, /first line of the script block/],
    ['import os\r\n # /// script\r\n # ///\r\n', 2, /first line of the script block/],
    ['# /// Script\n# ///\n', 1, /first line of the script block/],
    [
      '# /// script\n# dependencies = []\n# ///\n\n# /// script \n# ///\n',
      5,
      /first line of the script block/,
    ],
  ];
  for (const [text, line, why] of warned)
    t.match(readHeader(text).warnings, [{ line, code: 'header-not-read', message: why }], text);
  for (const text of [FULL, INLINE, 'x = 1\n', '# /// pyproject\n', '# / / / script\n'])
    t.notMatch(readHeader(text).warnings, [{ code: 'header-not-read' }]);
});

t.test('versions and requirements that pip cannot read are refused with their place', async (t) => {
  const text = (toml: string) => `# /// script\n# ${toml}\n# ///\n`;
  t.match(readHeader(text('requires-python = "3"')).errors, [
    { line: 2, code: 'header-value', message: /requires-python is "3", but must be/ },
  ]);
  t.match(readHeader(text('dependencies = ["numpy", "not a req !!"]')).errors, [
    { line: 2, code: 'header-value', message: /dependencies contains "not a req !!"/ },
  ]);
});

t.test('a null, which TOML lacks, is refused with its path', async (t) => {
  try {
    writeHeader('', { settings_schema: { a: [{ b: null }] } });
    t.fail('it was written');
  } catch (error) {
    t.type(error, DefinitionError);
    t.match(error, { code: 'null_in_metadata', diagnostics: [{ path: 'settings_schema.a[0].b' }] });
  }
});

t.test('positions count code points, and lines as Python does', async (t) => {
  const places = positions('a\tb\r\n"😀é" x\r\x0c\x85y\n');
  t.same(places.at(8), { line: 2, column: 3 });
  t.same(places.at(11), { line: 2, column: 6 });
  t.equal(places.offset(2, 6), 11);
  t.equal(places.at(13).line, 3);
  t.equal(places.lines, 4);
});
