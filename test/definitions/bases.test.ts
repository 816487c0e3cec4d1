import t from 'tap';
import { DEFAULT_BANNED } from '../../registry/definitions/banned.ts';
import { extract } from '../../registry/definitions/extract/extract.ts';
import { validateDefinition } from '../../registry/definitions/validate.ts';
import { analyse } from './analyse.ts';

const policy = { banned: [...DEFAULT_BANNED], allowed: [] };
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const PYBIRCH = 'from pybirch.Instruments.base import BaseMeasurementInstrument';
const LONG = `${PYBIRCH}\n`;
const X = 'class X(Base):\n    """A device."""\n\n    def __init__(self):\n        pass\n';
const HELPER = `${LONG}class Talk(BaseMeasurementInstrument):\n    pass\nclass _Hidden(Talk):\n    pass\n`;

/**
 * A case: the main file, the other files, the instrument type of the class X in the main file, and a warning that must
 * occur. Without `warning`, no uncertain-base warning may occur.
 */
type Case = [
  what: string,
  main: string,
  others: Record<string, string>,
  type: 'measurement' | 'movement' | null,
  warning?: string,
];

const CASES: Case[] = [
  [
    'a fallback to object',
    `try:\n    ${PYBIRCH} as Base\nexcept ImportError:\n    Base = object\n${X}`,
    {},
    'measurement',
    'uncertain-base',
  ],
  [
    'a fallback to a class that the file defines',
    `try:\n    ${PYBIRCH} as Base\nexcept (ImportError, AttributeError) as error:\n    class Base:\n        pass\n${X}`,
    {},
    'measurement',
    'uncertain-base',
  ],
  [
    'a fallback with the same name',
    `try:\n    ${PYBIRCH}\nexcept ImportError:\n    class BaseMeasurementInstrument:\n        pass\n${X.replace('Base', 'BaseMeasurementInstrument')}`,
    {},
    'measurement',
  ],
  [
    'a fallback that raises',
    `try:\n    ${PYBIRCH} as Base\nexcept ImportError:\n    raise\n${X}`,
    {},
    'measurement',
  ],
  [
    'the newer base class of PyBirch, or the older one',
    `try:\n    ${PYBIRCH} as Base\nexcept ImportError:\n    from pybirch.scan.measurements import Measurement as Base\n${X}`,
    {},
    'measurement',
  ],
  [
    'the fallback first',
    `Base = object\ntry:\n    ${PYBIRCH} as Base\nexcept ImportError:\n    pass\n${X}`,
    {},
    'measurement',
    'uncertain-base',
  ],
  [
    'a base class imported only for the type checker',
    `from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from stubs import Talk as Base\nelse:\n    ${PYBIRCH} as Base\n${X}`,
    {},
    'measurement',
  ],
  [
    'a base that exists only for the type checker',
    `import typing\nif typing.TYPE_CHECKING:\n    ${PYBIRCH} as Base\nelse:\n    Base = object\n${X}`,
    {},
    null,
  ],
  [
    'a base that depends on the version of Python',
    `import sys\nif sys.version_info >= (3, 8):\n    ${PYBIRCH} as Base\nelse:\n    Base = object\n${X}`,
    {},
    'measurement',
  ],
  [
    'a class renamed',
    `${LONG}class Long(BaseMeasurementInstrument): pass\nBase = Long\n${X}`,
    {},
    'measurement',
  ],
  ['a base renamed', `${LONG}Base = BaseMeasurementInstrument\n${X}`, {}, 'measurement'],
  [
    'renamed twice',
    `${LONG}Mine = Other = BaseMeasurementInstrument\nBase: type = Other\n${X}`,
    {},
    'measurement',
  ],
  ['two names at once', `${LONG}Base, n = BaseMeasurementInstrument, 1\n${X}`, {}, 'measurement'],
  [
    'in brackets',
    `${LONG}${X.replace('(Base)', '((BaseMeasurementInstrument))')}`,
    {},
    'measurement',
  ],
  [
    'one of two imported base classes',
    `import sys\n${LONG}${X.replace('(Base)', '(BaseMeasurementInstrument if sys.argv else object)')}`,
    {},
    'measurement',
    'uncertain-base',
  ],
  [
    'a generic class',
    `from typing import Generic, TypeVar\n${LONG}T = TypeVar("T")\nclass Base(BaseMeasurementInstrument, Generic[T]): pass\n${X.replace('(Base)', '(Base[int])')}`,
    {},
    'measurement',
  ],
  [
    'mixins before and after the base class',
    `${LONG}class M: pass\nclass N(M): pass\n${X.replace('(Base)', '(N, BaseMeasurementInstrument, M)')}`,
    {},
    'measurement',
  ],
  [
    'a class inside of a class',
    `${LONG}class Outer:\n    class Inner(BaseMeasurementInstrument): pass\n    Short = Inner\n${X.replace('(Base)', '(Outer.Short)')}`,
    {},
    'measurement',
  ],
  [
    'the last of two classes counts',
    `${LONG}class Base(BaseMeasurementInstrument): pass\nclass Base: pass\n${X}`,
    {},
    null,
  ],
  [
    'a name that is rebound after the class does not count',
    `${LONG}Base = BaseMeasurementInstrument\n${X}\nBase = object\n`,
    {},
    'measurement',
  ],
  ['a deleted name', `${LONG}Base = BaseMeasurementInstrument\ndel Base\n${X}`, {}, null],
  [
    'a loop variable of that name',
    `${LONG}Base = BaseMeasurementInstrument\nfor Base in (object,): pass\n${X}`,
    {},
    'measurement',
    'uncertain-base',
  ],
  ['what getattr gives', `import pybirch\nBase = getattr(pybirch, "X")\n${X}`, {}, null],
  [
    'a package without an __init__',
    `import pkg.io\n${X.replace('(Base)', '(pkg.io.Talk)')}`,
    { 'pkg/io.py': HELPER },
    'measurement',
  ],
  [
    'a package with an __init__',
    `import pkg.io as io\n${X.replace('(Base)', '(io.Talk)')}`,
    { 'pkg/__init__.py': '', 'pkg/io.py': HELPER },
    'measurement',
  ],
  [
    're-exported by an __init__',
    `from pkg import Short\n${X.replace('(Base)', '(Short)')}`,
    { 'pkg/__init__.py': 'from .io import Talk as Short\n', 'pkg/io.py': HELPER },
    'measurement',
  ],
  [
    'a star',
    `from hub import *\n${X.replace('(Base)', '(Talk)')}`,
    { 'hub.py': HELPER },
    'measurement',
  ],
  [
    'a star import through a star import',
    `from hub import *\n${X.replace('(Base)', '(Talk)')}`,
    { 'hub.py': 'from inner import *\n', 'inner.py': HELPER },
    'measurement',
  ],
  [
    'a star import that __all__ limits',
    `from hub import *\n${X.replace('(Base)', '(Talk)')}`,
    { 'hub.py': `${HELPER}__all__ = ["Talk"]\n` },
    'measurement',
  ],
  [
    'a star import that hides a name',
    `Talk = object\nfrom hub import *\n${X.replace('(Base)', '(Talk)')}`,
    { 'hub.py': HELPER },
    'measurement',
  ],
  [
    'a star import from PyBirch',
    `from pybirch.Instruments.base import *\n${X.replace('(Base)', '(BaseMeasurementInstrument)')}`,
    {},
    'measurement',
  ],
  ['a provided name', X.replace('(Base)', '(FakeMovementInstrument)'), {}, 'movement'],
  [
    'a class with a common name from another package',
    `from results import Measurement\n${X.replace('(Base)', '(Measurement)')}`,
    {},
    null,
  ],
  ['full-width letters', `${LONG}\uff22ase = BaseMeasurementInstrument\n${X}`, {}, 'measurement'],
];

for (const [what, main, others, type, warning] of CASES) {
  t.test(`validation and import agree on the base: ${what}`, async (t) => {
    const files = new Map(
      [['X.py', main], ...Object.entries(others)].map(([p, s]) => [
        p as string,
        encode(s as string),
      ]),
    );
    const { errors, warnings, class_info } = validateDefinition('X', files, policy);
    t.equal(class_info?.instrument_type ?? null, type, 'the type that validation finds');
    const codes = errors.map(({ code }) => code);
    t.equal(codes.includes('not-an-instrument'), type === null, codes.join());
    const isWarned = warnings.some(({ code }) => code === 'uncertain-base');
    t.equal(isWarned, warning === 'uncertain-base', 'the warning of uncertain bases');
    const found = extract(
      [...files].map(([path, bytes]) => ({ path: path === 'X.py' ? 'drivers.py' : path, bytes })),
    );
    const own = [...found.definitions].find(({ name }) => name === 'X');
    t.equal(own?.instrument_type ?? null, type, 'the type that import finds');
    if (own) {
      const again = validateDefinition('X', own.files, policy);
      t.same(
        again.errors.filter(({ code }) => code !== 'F821'),
        [],
        'what import finds is valid',
      );
      t.equal(again.class_info?.instrument_type, type);
    }
  });
}

t.test('the header decides an unknown base, and the message says so', async (t) => {
  const head = '# /// script\n# [tool.pybirch]\n# instrument-type = "movement"\n# ///\n';
  const source = `import lab\nBase = lab.choose()\n${X}`;
  const { errors } = validateDefinition('X', source, policy);
  t.match(errors, [{ code: 'not-an-instrument', message: /instrument-type in the header/ }]);
  t.same(validateDefinition('X', head + source, policy).errors, []);
});

t.test('a star import does not bind names outside __all__', async (t) => {
  const main = `from hub import *\n${X.replace('(Base)', '(_Hidden)')}`;
  const hub = (all: string) => new Map([['hub.py', HELPER + all]]);
  t.equal(analyse(main, 'X', hub(''))?.instrument_type, null);
  t.equal(analyse(main, 'X', hub('__all__ = ["_Hidden"]\n'))?.instrument_type, 'measurement');
  t.equal(
    analyse(main, 'X', hub('__all__ = []\n__all__ += ("_Hidden",)\n'))?.instrument_type,
    'measurement',
  );
  t.equal(
    analyse(main.replace('_Hidden', 'Talk'), 'X', hub('__all__ = ["_Hidden"]\n'))?.instrument_type,
    null,
  );
});
