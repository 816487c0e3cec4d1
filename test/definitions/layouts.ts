/** Generates definitions in many layouts from a seed. `instances.ts` compares them with Python. */

export interface Layout {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
}

export type Random = <T>(choices: readonly T[]) => T;

/** Mulberry32, a generator that repeats its values for the same seed. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (choices) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const at = ((mixed ^ (mixed >>> 14)) >>> 0) % choices.length;
    return choices[at] as (typeof choices)[number];
  };
}

const STRINGS = [
  '"V"',
  "'X'",
  '"a" "b"',
  'r"a\\d"',
  '"\\u00b5V"',
  '"\\N{DEGREE SIGN}C"',
  '"\\N{SNOWMAN}"',
  '"""t"""',
  '"ab" * 2',
  '"a" + "b"',
  'f"{1}x"',
  'f"a{UNIT}"',
  'f"{UNIT!r}"',
  'f"{1.5}"',
  'f"{{{2}}}"',
  'f"{0x10:>4}"',
  '"abc"[1]',
  '"abc"[-2:]',
  '"%s" % 1',
  '"A".lower()',
  'str("q")',
  '"x" if True else "y"',
  '"" or "z"',
  'UNIT',
  '("p")',
  'u"w"',
  '"\\x41\\101\\n"',
  '"\uff21"',
];

const VALUES = [
  ...STRINGS,
  '1',
  '1.',
  '1.e-3',
  '.5',
  '-0.0',
  '~1',
  '-2',
  '+3',
  '1_000',
  '0x1F',
  '0b11',
  '0o17',
  '1e400',
  '9007199254740993',
  '2 ** 53',
  '2 ** 100',
  '7 // 2',
  '-7 // 2',
  '-7 % 3',
  '7 % -3',
  '7.5 // 2',
  '1 / 3',
  '1 << 4',
  '-9 >> 1',
  '5 & 3 | 8',
  '6 ^ 3',
  'True + 1',
  'True & False',
  'not 1',
  'not []',
  'None',
  'False',
  '[]',
  '[1, 2.5, "a"]',
  '(1, 2)',
  '(1,)',
  '()',
  '{}',
  '{"n": {"m": 1.}}',
  '{1: 2}',
  '{None: 1}',
  '{(1, 2): 3}',
  '{True: 1, 1: 2}',
  '{1, 2}',
  'list(range(2))',
  'tuple("ab")',
  'list((1, 2))',
  '[1, 2] * 2',
  '[1] + [2]',
  '[*NAMES, "e"]',
  '[1, 2, 3][1:]',
  'len(NAMES)',
  '1j',
  'b"x"',
  '...',
  '3 and 4',
  '0 or 5',
  '(lambda: 1)()',
  '[i for i in range(2)]',
  'dict(a=1)',
  'dict({"a": 1}, b=2)',
  '{**{"a": 1}, "a": 2}',
  '{"a": 1} | {"b": 2}',
  '1 < 2',
  'max(1, 2)',
  'int("3")',
  'abs(-3)',
  '10 ** -2',
  '1.5 * 2',
  'True',
  '1e3',
  '1E5',
  '00',
  'UNIT',
  'NAMES',
  'np.pi',
  'float("inf")',
];

interface Kind {
  readonly base: string;
  readonly list: boolean;
  readonly first: string;
  readonly second: string;
}

const MEASUREMENT: Kind = {
  base: 'BaseMeasurementInstrument',
  list: true,
  first: 'data_columns',
  second: 'data_units',
};
const MOVEMENT: Kind = {
  base: 'BaseMovementInstrument',
  list: false,
  first: 'position_column',
  second: 'position_units',
};

/** Generates one definition from the seed. */
export function layout(seed: number): Layout {
  const pick = randomFrom(seed);
  const kind = pick([MEASUREMENT, MEASUREMENT, MOVEMENT]);
  const sometimes = (text: string, odds = 4): string =>
    pick(Array.from({ length: odds }, (_, at) => at)) === 0 ? text : '';
  const some = (count: number, make: () => string): string[] => Array.from({ length: count }, make);
  const base = pick([
    kind.base,
    kind.base,
    kind.base.replace('Base', 'Fake'),
    kind.base.replace('Base', 'VisaBase'),
    kind.base === MEASUREMENT.base ? 'Measurement' : 'Movement',
  ]);
  const module = /^M/.test(base)
    ? `pybirch.scan.${base.toLowerCase()}s`
    : 'pybirch.Instruments.base';
  const helper = sometimes('yes', 3) !== '';
  const constants = constantsOf(pick, sometimes);
  const imports = pick([
    `from ${module} import ${base} as Base`,
    `try:\n    from ${module} import ${base} as Base\nexcept ImportError:\n    Base = object`,
    `try:\n    from nowhere import ${base} as Base\nexcept ImportError:\n    from ${module} import ${base} as Base`,
    `from ${module} import ${base}\nBase = ${base}`,
    `from ${module} import *\nBase = ${base}`,
    `import ${module}\nBase = ${module}.${base}`,
    `import ${module} as m\nBase = getattr(m, "${base}")`,
    `import typing\nif typing.TYPE_CHECKING:\n    Base = object\nelse:\n    from ${module} import ${base} as Base`,
    `from ${module} import ${base}\nclass Base(${base}): pass`,
    `from ${module} import ${base}\nclass Base(${base}):\n    def __init__(self, name):\n        self.${kind.first} = ${value(kind, pick)}\n        super().__init__(name)`,
    `from ${module} import ${base}\nclass Base(${base}):\n    def __init__(self, name):\n        super().__init__(name)\n        self.${kind.second} = ${value(kind, pick)}\n        self.prepare()\n    def prepare(self):\n        self.${kind.first} = ${value(kind, pick)}`,
  ]);
  const mixin = pick(['', '', '', 'before', 'behind']);
  const mixinText =
    mixin === ''
      ? ''
      : `class Extra:\n    ${pick(['pass', `${kind.second} = ${value(kind, pick)}`, `def __init__(self, *args):\n        super().__init__(*args)\n        self.${kind.second} = ${value(kind, pick)}`])}\n`;
  const bases = { '': 'Base', before: 'Extra, Base', behind: 'Base, Extra' }[mixin];
  const shared = `import numpy as np\n${constants}\n${imports}\n${mixinText}`;
  const classText = `class Thing(${bases}):
${sometimes(`    ${kind.first} = ${value(kind, pick)}\n`)}${sometimes(`    ${kind.second} = COLUMNS\n`, 8)}${constructorOf(kind, pick, sometimes, some)}
${methods(kind, pick, sometimes)}`;
  const after = sometimes(
    pick([
      `Thing.${kind.first} = ${value(kind, pick)}\n`,
      'COLUMNS.append("late")\n',
      'UNIT = "late"\n',
      'def patch(cls):\n    cls.prepare = lambda self: None\npatch(Thing)\n',
      `def patch():\n    COLUMNS[0] = "patched"\npatch()\n`,
      `setattr(Thing, "${kind.second}", "q")\n`,
      'def other():\n    global UNIT\n    UNIT = "other"\nother()\n',
      'NAMES = ("late",)\n',
      `class Other(Thing):\n    ${kind.first} = 5\n`,
      'ALIAS = COLUMNS\nALIAS.append("alias")\n',
    ]),
    3,
  );
  if (!helper) return { name: 'Thing', files: { 'Thing.py': `${shared}${classText}${after}` } };
  const bring = pick([
    'from helper import *',
    'from helper import np, Base, COLUMNS, NAMES, UNIT, SETTINGS',
    'from helper import np, Base, NAMES, SETTINGS\nimport helper\nCOLUMNS = helper.COLUMNS\nUNIT = helper.UNIT',
    'import helper as h\nnp, Base, COLUMNS, NAMES = h.np, h.Base, h.COLUMNS, h.NAMES\nUNIT = h.UNIT\nSETTINGS = h.SETTINGS',
  ]);
  const extra = mixin === '' ? '' : '\nfrom helper import Extra';
  const late = sometimes(
    pick(['import helper\nhelper.COLUMNS.append("far")\n', 'import helper\nhelper.UNIT = "far"\n']),
  );
  return {
    name: 'Thing',
    files: {
      'Thing.py': `${bring}${extra}\n${late}${classText}${after}`,
      'helper.py': shared,
    },
  };
}

type Sometimes = (text: string, odds?: number) => string;

function constantsOf(pick: Random, sometimes: Sometimes): string {
  return [
    `UNIT = ${pick(['"K"', '"m" + "V"', 'f"{3}"', 'str(1)'])}`,
    `NAMES = (${pick(STRINGS.filter((one) => !/UNIT/.test(one)))}, "n")`,
    `COLUMNS = [UNIT, ${pick(['"c"', '*NAMES', '"d" * 2'])}]`,
    `SETTINGS = {"gain": ${pick(VALUES)}, "mode": "fast"}`,
    sometimes('COLUMNS.append("early")', 8),
    sometimes('COLUMNS += ["early"]', 8),
    sometimes('SETTINGS["extra"] = 1', 8),
    sometimes('for UNIT in ("r", "s"): pass', 10),
    sometimes('if len(NAMES) > 1:\n    COLUMNS = ["branch"]', 10),
    sometimes('del SETTINGS["mode"]', 10),
  ]
    .filter(Boolean)
    .join('\n');
}

function value(kind: Kind, pick: Random): string {
  if (!kind.list) return pick(STRINGS);
  const [a, b] = [pick(STRINGS), pick(STRINGS)];
  return pick([
    `[${a}, ${b}]`,
    `np.array([${a}, ${b}])`,
    `(${a}, ${b})`,
    'COLUMNS',
    'list(COLUMNS)',
    'np.array(COLUMNS)',
    '[*COLUMNS]',
    'NAMES',
    `[${a}] + COLUMNS`,
    `[${a}] * 2`,
    `np.array([${a}, ${b}], dtype=str)`,
    `np.array([${a}, ${b}], dtype="U1")`,
    'COLUMNS[:1]',
    '"u v".split()',
    'COLUMNS.copy()',
    'COLUMNS[::-1]',
    'sorted(COLUMNS)',
    `[one for one in (${a}, ${b})]`,
    'np.asarray(COLUMNS)',
  ]);
}

function settings(pick: Random): string {
  const entry = (key: string): string => `"${key}": ${pick(VALUES)}`;
  return pick([
    `{${entry('gain')}, ${entry('mode')}}`,
    `{${entry('gain')}}`,
    'SETTINGS',
    `{**SETTINGS, ${entry('gain')}}`,
    `dict(SETTINGS, ${pick(['gain', 'mode'])}=${pick(VALUES)})`,
    `SETTINGS | {${entry('more')}}`,
    `dict(gain=${pick(VALUES)})`,
    `{1: 2, ${entry('gain')}}`,
    `{name: 1 for name in ("a", "b")}`,
    `{"list": COLUMNS}`,
    `{UNIT: 1}`,
  ]);
}

function constructorOf(
  kind: Kind,
  pick: Random,
  sometimes: Sometimes,
  some: (count: number, make: () => string) => string[],
): string {
  if (pick([0, 1, 2, 3, 4, 5]) === 0) return '';
  const self = pick(['self', 'self', 'self', 'this']);
  const call = pick([
    'super().__init__(name)',
    'super().__init__(name)',
    'super(Thing, SELF).__init__(name)',
    'Base.__init__(SELF, name)',
  ]);
  const [first, second] = [kind.first, kind.second];
  const field = (): string => pick([first, first, second]);
  const changes = (): string =>
    pick([
      () => `SELF.${field()} = ${value(kind, pick)}`,
      () => `SELF.${field()} = ${value(kind, pick)}`,
      () => `SELF.${first} = SELF.${second} = ${value(kind, pick)}`,
      () => `SELF.${first}, SELF.${second} = ${value(kind, pick)}, ${value(kind, pick)}`,
      () => `SELF.${first}: object = ${value(kind, pick)}`,
      () => `cols = ${value(kind, pick)}\nSELF.${first} = cols`,
      () => `if name:\n    SELF.${field()} = ${value(kind, pick)}`,
      () => `if name == "no":\n    return`,
      () => `for _ in range(2):\n    SELF.${field()} += ${kind.list ? '["loop"]' : '"l"'}`,
      () => `try:\n    SELF.${field()} = ${value(kind, pick)}\nexcept ValueError:\n    pass`,
      () => 'SELF.prepare()',
      () => `SELF.prepare(${value(kind, pick)})`,
      () => `setattr(SELF, "${field()}", ${value(kind, pick)})`,
      () => `setattr(SELF, "data_" + "units", ["s"])`,
      () => `SELF.__dict__["${field()}"] = ${value(kind, pick)}`,
      () => `vars(SELF).update(${first}=${value(kind, pick)})`,
      () => `SELF.${field()} += ${kind.list ? '["plus"]' : '"p"'}`,
      () => (kind.list ? `SELF.${first} = [${pick(STRINGS)}]\nSELF.${first}.append("b")` : 'pass'),
      () =>
        kind.list ? `SELF.${first} = list(COLUMNS)\nSELF.${first}.extend(("e", "f"))` : 'pass',
      () => (kind.list ? `SELF.${first} = list(COLUMNS)\nSELF.${first}[0] = "item"` : 'pass'),
      () => (kind.list ? `SELF.${first} = list(COLUMNS)\ndel SELF.${first}[0]` : 'pass'),
      () =>
        kind.list ? `SELF.${first} = list(COLUMNS)\nSELF.${first}.sort(reverse=True)` : 'pass',
      () => (kind.list ? `cols = ["a"]\nSELF.${first} = cols\ncols.append("alias")` : 'pass'),
      () =>
        kind.list ? `cols = ["a"]\nSELF.${first} = cols\nalias = cols\nalias += ["z"]` : 'pass',
      () =>
        kind.list ? `SELF.${first} = ["a"]\n(lambda c: c.append("lam"))(SELF.${first})` : 'pass',
      () =>
        kind.list
          ? `SELF.${first} = ["a"]\ndef inner():\n    SELF.${first}.append("in")\ninner()`
          : 'pass',
      () =>
        kind.list
          ? `cols = ["a"]\nSELF.${first} = cols\n[cols.append("c") for _ in range(2)]`
          : 'pass',
      () =>
        kind.list ? `cols = ["a"]\nSELF.${first} = cols\nlist(map(cols.append, "xy"))` : 'pass',
      () => (kind.list ? `cols = [["a"]]\nSELF.${first} = cols[0]\ncols[0].append("n")` : 'pass'),
      () => (kind.list ? `d = {"c": ["a"]}\nSELF.${first} = d["c"]\nd["c"].append("n")` : 'pass'),
      () => (kind.list ? `SELF.${first} = np.array(["aa", "b"])\nSELF.${first}[1] = "cc"` : 'pass'),
      () => (kind.list ? `COLUMNS.append("shared")` : 'pass'),
      () => `x = 1\nwith open("/dev/null"):\n    SELF.${field()} = ${value(kind, pick)}`,
      () => `match name:\n    case "x":\n        SELF.${field()} = ${value(kind, pick)}`,
      () => `SELF._define_settings(${settings(pick)})`,
      () => `SELF._define_settings(${settings(pick)})\nSELF._gain = 99`,
      () => `s = ${settings(pick)}\nSELF._define_settings(s)\ns["late"] = 1`,
      () => `s = {"gain": [1]}\nSELF._define_settings(s)\ns["gain"].append(2)`,
      () => `s = {}\ns["gain"] = ${pick(VALUES)}\nSELF._define_settings(s)`,
      () => `SELF.settings = {"gain": 77}`,
      () => `SELF._settings_defaults["gain"] = 55\nSELF._gain = 55`,
      () => `if name:\n    SELF._define_settings(${settings(pick)})`,
      () =>
        `${first} = "shadow"\nUNIT = "shadow"\nSELF.${second} = ${kind.list ? '[UNIT]' : 'UNIT'}`,
      () => `del SELF.${field()}`,
      () => `(SELF.${field()}) = ${value(kind, pick)}`,
      () => `SELF.${field()} = (w := ${value(kind, pick)})`,
      () => `[SELF.${first}] = [${value(kind, pick)}]`,
      () => `for SELF.${second} in (${value(kind, pick)}, ${value(kind, pick)}):\n    pass`,
      () => `while True:\n    SELF.${field()} = ${value(kind, pick)}\n    break`,
      () => `type(SELF).${first} = ${value(kind, pick)}`,
      () => 'SELF.helper = helper_of(SELF)',
      () => `SELF.${field()} = default`,
    ])();
  const lines = [...some(pick([0, 0, 1]), changes), call, ...some(pick([1, 2, 2, 3, 4]), changes)];
  const body = lines.join('\n').replaceAll('SELF', self);
  const parameters = pick([
    `${self}, name, default=${pick(STRINGS)}`,
    `${self}, name="x", *, default=${pick(STRINGS)}`,
  ]);
  void sometimes;
  return `    def __init__(${parameters}):\n${body
    .split('\n')
    .map((line) => `        ${line}`)
    .join('\n')}\n`;
}

function methods(kind: Kind, pick: Random, sometimes: Sometimes): string {
  const abstract = kind.list
    ? '    def _perform_measurement_impl(self):\n        return np.array([[0.0]])\n    def perform_measurement(self):\n        return 0\n'
    : '    @property\n    def position(self):\n        return 0\n    @position.setter\n    def position(self, value):\n        pass\n';
  return `    def prepare(self, more=None):
        ${pick([
          'pass',
          `self.${kind.first} = ${value(kind, pick)}`,
          `if more:\n            self.${kind.first} = more`,
          kind.list ? `self.${kind.first} = list(self.${kind.first}) + ["prepared"]` : 'pass',
          'return self',
        ])}
    def check_connection(self):
        return True
${abstract}${sometimes(
  `    def change(self, unit):\n        self.${kind.second} = unit\n        self.${kind.first} = COLUMNS\n`,
)}${sometimes(`    @property\n    def ${kind.second}(self):\n        return ${value(kind, pick)}\n    @${kind.second}.setter\n    def ${kind.second}(self, value):\n        pass\n`, 10)}${sometimes(
  `    def __setattr__(self, name, value):\n        object.__setattr__(self, name, "set")\n`,
  25,
)}${sometimes(`    def prepare(self, *more):\n        self.${kind.first} = ${value(kind, pick)}\n`, 10)}${sometimes(
  '    settings = {"gain": "class"}\n',
  25,
)}
def helper_of(thing):
    ${pick(['return 1', `thing.${kind.first} = ${value(kind, pick)}`, `setattr(thing, "${kind.second}", "x")`])}
`;
}
