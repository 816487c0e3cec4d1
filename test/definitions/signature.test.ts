/**
 * Tests how constructor parameters are read from source, and compared between versions. CPython is the oracle for the
 * effect on a call.
 */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { compareSignatures } from '../../registry/definitions/interface/parameters.ts';
import { signatureOf } from '../../registry/definitions/signature.ts';

const filesOf = (files: Record<string, string>) =>
  new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
const sourceOf = (parameters: string) => `class Meter(VisaBaseMeasurementInstrument):
    def __init__(self${parameters && `, ${parameters}`}):
        pass
`;
const read = (source: string, more: Record<string, string> = {}) =>
  signatureOf('Meter', filesOf({ 'Meter.py': source, ...more }));
const compared = (before: string, after: string) =>
  compareSignatures(read(sourceOf(before)), read(sourceOf(after)));

t.test(
  'changes that make calls fail or mean something else are breaking, with their place',
  async (t) => {
    const BREAKING: [before: string, after: string, told: RegExp, column: number][] = [
      ['name, axis=1', 'name', /parameter axis was removed/, 5],
      ['name, adapter=""', 'name, address=""', /parameter adapter is called address now/, 30],
      ['name, wait=0.0', 'name, wait', /parameter wait has no default any more/, 30],
      ['name', 'name, gain', /parameter gain is new and has no default/, 30],
      ['name, a=1, b=2', 'name, b=2, a=1', /parameter b was number 3 and is number 2/, 30],
      ['name', 'address="", name="x"', /parameter name was number 1 and is number 2/, 36],
      ['name, axis=1', 'name, *, axis=1', /axis can now be given only by name/, 33],
      ['name, axis=1', 'name, axis=1, /', /axis cannot be given by name any more/, 30],
      ['name, *more', 'name', /does not take further arguments/, 5],
      ['name, **more', 'name', /does not take further named arguments/, 5],
      [
        'name, *more',
        'name, a=1, *more',
        /parameter a is new and takes the value that existing calls pass as a further/,
        30,
      ],
    ];
    for (const [before, after, told, column] of BREAKING) {
      const found = compared(before, after).find(
        ({ breaking, message }) => breaking && told.test(message),
      );
      t.match(found, { kind: 'parameter', at: { file: 'Meter.py', line: 2, column } }, `${told}`);
    }
  },
);

t.test('changes that do not affect existing calls are not breaking', async (t) => {
  const HARMLESS: [before: string, after: string][] = [
    ['name', 'name, gain=1'],
    ['name, *, axis', 'name, axis=1'],
    ['name, *, axis', 'name, **more'],
    ['name, /', 'label, /'],
    ['name, axis', '*args, **kwargs'],
    ['name: str = "a"', 'name = "b"'],
  ];
  for (const [before, after] of HARMLESS) {
    const found = compared(before, after).filter(({ breaking }) => breaking);
    t.same(found, [], `${before} -> ${after}`);
  }
});

t.test('the constructor is that of the nearest class in the files, or PyBirch’s', async (t) => {
  const axis = { 'axis.py': sourceOf('name, axis').replace('Meter', 'Axis') };
  const inherits = 'from axis import Axis\n\n\nclass Meter(Axis):\n    pass\n';
  t.match(read(inherits, axis), { at: { file: 'axis.py', line: 2 }, parameters: { length: 2 } });
  const names = (source: string) => read(source)?.parameters.map(({ name }) => name);
  const base = 'class Meter(FakeMovementInstrument):\n    pass\n';
  t.same(names(base), ['name', 'wait']);
  const before = read(sourceOf('name, adapter="", axis=1'));
  t.match(
    compareSignatures(before, read('class Meter(VisaBaseMovementInstrument):\n    x = 1\n')),
    [{ breaking: true, message: /axis is called instrument_class/ }],
  );
});

t.test('unknown signatures are not guessed', async (t) => {
  const body = sourceOf('name').split('\n').slice(1).join('\n');
  for (const source of [
    'class Meter(Elsewhere):\n    pass\n',
    `@dataclass\nclass Meter(FakeMovementInstrument):\n    name: str\n`,
    `class Meter(FakeMovementInstrument):\n    @wrapped\n${body}`,
    `class Meter(FakeMovementInstrument):\n    if FAST:\n    ${body.replaceAll('\n', '\n    ')}`,
    'class Meter(FakeMovementInstrument):\n    __init__ = make()\n',
    'class Meter(FakeMovementInstrument):\n    def __init__(self, (a): pass\n',
    'class Meter(FakeMovementInstrument):\n    def __init__(): pass\n',
    '',
  ]) {
    t.equal(read(source), null, source);
  }
  t.same(compareSignatures(null, read(sourceOf('name'))), []);
  t.same(compareSignatures(read(sourceOf('name')), null), []);
});

const NAMES = ['a', 'b', 'c', 'd'];
/** Generates valid Python parameter lists: at most four names, defaults last, possibly `/`, `*` and `**`. */
const parameters = fc
  .record({
    names: fc.shuffledSubarray(NAMES),
    slash: fc.nat(4),
    star: fc.nat(5),
    defaults: fc.nat(4),
    named: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    more: fc.boolean(),
    moreNamed: fc.boolean(),
  })
  .map(({ names, slash, star, defaults, named, more, moreNamed }) => {
    const places = names.slice(0, star).map((name, i) => (i >= defaults ? `${name}=0` : name));
    // Lists with both positional-only parameters and `**` are left out: one name could then mean two things, which
    // nobody writes.
    const only = moreNamed ? 0 : Math.min(slash, places.length);
    const behind = names.slice(star).map((name, i) => (named[i] ? `${name}=0` : name));
    return [
      ...places.slice(0, only),
      ...(only > 0 ? ['/'] : []),
      ...places.slice(only),
      ...(more ? ['*more'] : behind.length > 0 ? ['*'] : []),
      ...behind,
      ...(moreNamed ? ['**rest'] : []),
    ].join(', ');
  });

/**
 * Tells for each pair of parameter lists whether every valid call of the first means the same to the second. The script
 * also returns the parameters of the first list.
 */
const SCRIPT = `
import inspect, itertools, json, sys
def signature(source):
    scope = {}
    exec(f'def call({source}): pass', scope)
    return inspect.signature(scope['call'])
def bound(signature, values, named):
    try:
        return signature.bind(*values, **named).arguments
    except TypeError:
        return None
NAMES = ['a', 'b', 'c', 'd', 'z']
CALLS = [(list(range(n)), {name: name for name in chosen}) for n in range(6)
         for size in range(6) for chosen in itertools.combinations(NAMES, size)]
def places(signature):
    return [p.name for p in signature.parameters.values() if p.kind.value < 2]
def same(before, after):
    # Another name at the same place is a new name for it, though **rest swallows the old one.
    for was, now in zip(places(before), places(after)):
        either = before.parameters[was].kind.value == 1
        if either and was not in after.parameters and now not in before.parameters: return False
    for values, named in CALLS:
        was, now = bound(before, values, named), bound(after, values, named)
        if was is None: continue
        if now is None: return False
        for name, value in was.items():
            if name == 'rest' or name not in after.parameters: continue
            # What went to a parameter before may go to *more now, in front of what went there already.
            end = now.get(name, ())[-len(value):] if name == 'more' else now.get(name)
            if end != value: return False
    return True
answers = []
for one in json.load(sys.stdin):
    before, after = map(signature, one)
    read = [[p.name, p.kind.value, p.default is p.empty and p.kind not in (2, 4)] for p in before.parameters.values()]
    answers.append([same(before, after), read])
json.dump(answers, sys.stdout)
`;
const KINDS = ['positional', 'either', 'more', 'named', 'more_named'];

t.test('signatures and comparisons agree with CPython', async (t) => {
  const pairs = fc.sample(fc.tuple(parameters, parameters), { numRuns: 600, seed: 11 });
  const { status, stdout, stderr } = spawnSync('python3', ['-I', '-c', SCRIPT], {
    input: JSON.stringify(pairs),
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  t.equal(status, 0, stderr);
  const answers = JSON.parse(stdout) as [same: boolean, read: [string, number, boolean][]][];
  const wrong: object[] = [];
  let harmless = 0;
  for (const [i, [same, expected]] of answers.entries()) {
    const [before = '', after = ''] = pairs[i] ?? [];
    const found = read(sourceOf(before))?.parameters.map(({ name, kind, required }) => [
      name,
      KINDS.indexOf(kind),
      required,
    ]);
    const changes = compared(before, after).filter(({ breaking }) => breaking);
    const agrees =
      (changes.length === 0) === same && JSON.stringify(found) === JSON.stringify(expected);
    if (!agrees) wrong.push({ before, after, same, changes, found, expected });
    if (same) harmless += 1;
  }
  t.same(wrong.slice(0, 3), []);
  t.ok(harmless > 20, `${harmless} pairs of both kinds`);
});
