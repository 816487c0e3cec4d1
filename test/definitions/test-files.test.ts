/** The files for tests without hardware: recordings, simulator.yaml and tests/*.py, and what recordings show of a change. */
import { readFile } from 'node:fs/promises';
import t from 'tap';
import { DEFAULT_BANNED } from '../../registry/definitions/banned.ts';
import { permissionsNeeded } from '../../registry/definitions/permissions.ts';
import { compareTraffic } from '../../registry/definitions/traffic.ts';
import type { Validation } from '../../registry/definitions/types.ts';
import { validateDefinition } from '../../registry/definitions/validate.ts';
import { measurement } from '../helpers/registry.ts';

const policy = { banned: [...DEFAULT_BANNED, 'pytest'], allowed: [] };
const bytes = (text: string | Uint8Array) => (typeof text === 'string' ? Buffer.from(text) : text);
const withFiles = (files: Record<string, string | Uint8Array>) =>
  new Map(
    Object.entries({ 'Meter.py': measurement('Meter'), ...files }).map(
      ([path, text]): [string, Uint8Array] => [path, bytes(text)],
    ),
  );
const validate = (files: Record<string, string | Uint8Array>): Validation =>
  validateDefinition('Meter', withFiles(files), policy);
/** The first error as line:column message. */
const wrong = (path: string, text: string | Uint8Array): string | undefined => {
  const [error, ...more] = validate({ [path]: text }).errors.filter(({ file }) => file === path);
  t.same(more, [], 'one error for one fault');
  return error && `${error.line}:${error.column} ${error.message}`;
};

const head = { recording: 1, class: 'Meter', args: {}, terminators: { write: '\n', read: '\n' } };
const lines = (...all: (object | string)[]) =>
  all.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
const record = (...steps: (object | string)[]) => lines(head, ...steps);

t.test('recordings are read as strictly as on lab computers', async (t) => {
  const good = lines(
    {
      ...head,
      ...{ instrument: 'ACME, 1.0', recorded_at: '2026-01-31T12:00:00Z', environment: {} },
      io: [['w', '*CLS'], ['clear']],
    },
    {
      call: 'sweep',
      args: [1],
      kwargs: { fast: true },
      gives: [[0.1]],
      relative: 1e-9,
      io: [['w', 'READ?'], ['r', { base64: 'AAE=' }], ['timeout'], ['status', 65]],
    },
    { set: 'channels[0].gain', to: { float: 'inf' } },
    { raises: 'TimeoutError', call: 'measure' },
  );
  t.match(validate({ 'tests/a.jsonl': good }), { valid: true, warnings: [] });
  t.match(validate({ 'tests/a.jsonl': good.replace('"Meter"', '"Other"') }), {
    valid: true,
    warnings: [{ code: 'recording', file: 'tests/a.jsonl', line: 1, column: 16 }],
  });
  t.match(validate({ 'data/a.jsonl': 'not a recording' }), { valid: true });
  const faults: [text: string | Uint8Array, error: RegExp][] = [
    ['', /^1:1 .*The line is empty/],
    ['{"recording": 1,\n', /^1:17 .*not JSON/],
    [record('{"call": "x", nope}'), /^2:15 .*not JSON/],
    [record('[1]'), /^2:1 .*not a JSON object/],
    [record(''), /^2:1 .*The line is empty/],
    [record('{"call": "x", "call": "y"}'), /^2:15 .*"call" is there twice/],
    [record('{"call": "x", "kwargs": {"a": 1, "a": 2}}'), /^2:34 .*"a" is there twice/],
    [record({ call: 'x', given: 1 }), /^2:13 .*"given" is not known/],
    [record({ call: 'x', set: 'y', to: 1 }), /^2:13 .*either "call" or "set"/],
    [record({ gives: 1 }), /^2:1 .*either "call" or "set"/],
    [record({ call: '__class__' }), /^2:2 .*not the name of a method/],
    [record({ set: 'x' }), /^2:2 .*"to" is missing/],
    [record({ set: 'x', to: 1, gives: 1 }), /^2:19 .*does not belong to "set"/],
    [record({ call: 'x', gives: 1, raises: 'E' }), /^2:13 .*remove one/],
    [record({ call: 'x', relative: 0.1 }), /^2:13 .*add "gives"/],
    [record({ call: 'x', gives: 1, relative: 2 }), /^2:23 .*below 1/],
    [record({ call: 'x', io: [['x', 'y']] }), /^2:13 .*Entry 1 of "io" is unknown/],
    [
      record({
        call: 'x',
        io: [
          ['w', 'y'],
          ['status', 256],
        ],
      }),
      /Entry 2 of "io" is no status byte/,
    ],
    [record({ call: 'x', io: [['r', { base64: 'A' }]] }), /has no bytes/],
    [record({ call: 'x', io: [['timeout', 1]] }), /is too long/],
    [lines({ ...head, recording: 2 }), /^1:2 .*the only format/],
    [lines({ ...head, terminators: { read: '\n' } }), /^1:42 .*exactly "write" and "read"/],
    [lines({ recording: 1, class: 'Meter', args: {} }), /"terminators" is missing/],
    [lines({ ...head, class: 'a b' }), /^1:16 .*not the name of a Python class/],
    [new Uint8Array([0xff, 0x0a]), /^1:1 .*not UTF-8/],
  ];
  for (const [text, error] of faults)
    t.match(wrong('tests/a.jsonl', text), error, String(text).slice(-60));
  const many = record(...Array.from({ length: 500 }, () => '{}'));
  t.equal(validate({ 'tests/a.jsonl': many }).errors.length, 20, 'not every error is listed');
});

t.test('simulator.yaml must have the form that pyvisa-sim reads', async (t) => {
  const good = `spec: "1.1"
devices:
  lockin: &device
    eom:
      GPIB INSTR: { q: "\\n", r: "\\n" }
    dialogues:
      - { q: "*IDN?", r: "ACME,1,0,1.0" }
resources:
  GPIB::8::INSTR: { device: lockin }
  USB::1::INSTR: { device: other, filename: other.yaml }
`;
  t.equal(wrong('simulator.yaml', good), undefined);
  t.equal(wrong('simulator.yaml', good.replaceAll('lockin', '7270')), undefined);
  t.equal(wrong('simulator.yaml', good.replace('device: lockin', 'device: "lockin"')), undefined);
  const faults: [text: string | Uint8Array, error: RegExp][] = [
    ['- a\n', /^1:1 .*must begin with names/],
    ['devices: {}\nresources: {}\n', /spec is missing/],
    ['spec: "1.1"\nresources: {}\n', /devices is missing/],
    ['spec: "1.1"\ndevices: {}\nresources: []\n', /^3:12 .*resources must have a name/],
    [
      good.replace('device: lockin', 'device: laser'),
      /^9:3 .*GPIB::8::INSTR names the device laser/,
    ],
    [good.replace('device: lockin', 'eom: x'), /^9:3 .*must name its device/],
    [good.replace('eom:', 'eom: :'), /^4:\d+ /],
    [`${good}spec: 2\n`, /keys must be unique/],
    [new Uint8Array([0xff]), /not UTF-8/],
    [`a: ${'x'.repeat(300_000)}`, /more than/],
    [`a: ${'['.repeat(20_000)}`, /nested too deeply|^1:\d+ /],
  ];
  for (const [text, error] of faults) {
    const [first] = validate({ 'simulator.yaml': text }).errors;
    t.match(first && `${first.line}:${first.column} ${first.message}`, error);
    t.equal(first?.code, 'simulator');
  }
});

t.test('tests obey the import policy, but may import pytest and the testing package', async (t) => {
  const test =
    'import pytest\nfrom pybirch_registry.testing import replay\n\nprint(pytest, replay)\n';
  t.match(validate({ 'tests/test_meter.py': test }), { valid: true });
  t.match(validate({ 'helper.py': test }), { valid: false }, 'only in tests/');
  const attack = 'import os\n\nos.remove("x")\n';
  t.match(validate({ 'tests/test_meter.py': attack }).errors, [
    { code: 'banned-import', file: 'tests/test_meter.py', line: 1 },
  ]);
  t.match(permissionsNeeded('Meter', withFiles({ 'tests/test_meter.py': attack }), policy), [
    { name: 'os', places: [{ file: 'tests/test_meter.py' }] },
  ]);
});

t.test('README and pictures are files of a definition', async (t) => {
  const picture = await readFile(
    new URL('../../docs/pictures/definition-light-1280.png', import.meta.url),
  );
  t.match(validate({ 'README.md': '# Meter\n', 'picture.png': picture }), { valid: true });
});

t.test('recordings show what a new version sends differently', async (t) => {
  const of = (connect: string[], sweep: string[]) =>
    lines(
      { ...head, io: connect.map((one) => ['w', one]) },
      { call: 'sweep', io: sweep.map((one) => ['w', one]) },
      { set: 'gain', to: 1, io: [['w', { base64: 'AAE=' }]] },
    );
  const between = (a: string, b: string) =>
    compareTraffic(
      withFiles({ 'tests/a.jsonl': a, 'tests/b.jsonl': a }),
      withFiles({ 'tests/a.jsonl': b, 'tests/b.jsonl': b, 'tests/new.jsonl': b }),
    );
  const base = of(['*RST', '*CLS'], ['A', 'B']);
  t.same(between(base, base), []);
  t.same(between(base, of(['*RST'], ['A', 'B'])), [
    {
      message: 'this version no longer sends `*CLS` at connect',
      files: ['tests/a.jsonl', 'tests/b.jsonl'],
    },
  ]);
  const messages = (a: string, b: string) => between(a, b).map(({ message }) => message);
  t.same(messages(base, of(['*RST', '*CLS'], ['A', 'C', 'B'])), [
    'this version sends `C` in sweep, which is new',
  ]);
  t.same(messages(base, of(['*CLS', '*RST'], ['A', 'B'])), [
    'this version sends the same commands in another order at connect',
  ]);
  t.same(messages(base, of(['*RST', '*CLS', '*CLS'], ['A', 'B'])), [
    'this version sends `*CLS` at connect, which is new',
  ]);
  t.same(messages(base, base.replace('AAE=', 'AAI=')), [
    'this version no longer sends 2 bytes (AAE=) when gain is set',
    'this version sends 2 bytes (AAI=) when gain is set, which is new',
  ]);
  const long = (end: string) => of([`TRAC:DATA ${'1,'.repeat(60)}${end}`], []);
  t.equal(messages(long('2'), long('3')).length, 2, 'long commands may differ at their ends');
  t.same(messages(base, 'broken'), []);
  t.same(compareTraffic(null, withFiles({ 'tests/a.jsonl': base })), []);
});
