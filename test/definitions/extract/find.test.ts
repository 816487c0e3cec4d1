/** Which classes of a folder become definitions. */
import t from 'tap';
import { validateDefinition } from '../../../registry/definitions/validate.ts';
import { extractTexts, meter, named, namesOf, skips, textsOf } from './helpers.ts';

t.test('a class is found for every spelling of its base class', async (t) => {
  const ways: Record<string, [string, string]> = {
    Plain: [
      'from pybirch.Instruments.base import FakeMovementInstrument',
      'FakeMovementInstrument',
    ],
    Aliased: ['from pybirch.Instruments.base import FakeMovementInstrument as F', 'F'],
    Attribute: ['from pybirch.Instruments import base', 'base.FakeMovementInstrument'],
    Dotted: ['import pybirch.Instruments.base', 'pybirch.Instruments.base.FakeMovementInstrument'],
    ModuleAlias: ['import pybirch.Instruments.base as b', 'b.FakeMovementInstrument'],
    Star: ['from pybirch.Instruments.base import *', 'FakeMovementInstrument'],
    Unimported: ['', 'FakeMovementInstrument'],
    Older: ['from pybirch.scan.movements import Movement', 'Movement'],
    Generic: ['', 'FakeMovementInstrument, Generic[T], metaclass=Meta'],
    Second: ['', 'Mixin, VisaBaseMovementInstrument'],
    Tried: [
      'try:\n    from pybirch.Instruments.base import VisaBaseMovementInstrument as V\nexcept ImportError:\n    V = object',
      'V',
    ],
  };
  for (const [name, [head, base]] of Object.entries(ways)) {
    const found = extractTexts({ [`${name}_file.py`]: `${head}\n\n\n${meter(name, base)}` });
    t.same(namesOf(found), [name], name);
    t.equal(found.definitions[0]?.instrument_type, 'movement', name);
  }
});

t.test('a class is found through several steps across several modules', async (t) => {
  const found = extractTexts({
    'lab/__init__.py': 'from .common import LabMeter\n',
    'lab/common.py': `from pybirch.Instruments.base import VisaBaseMeasurementInstrument as V\n\n\n${meter('LabMeter', 'V')}`,
    'lab/keithley/k2000.py': `from lab import LabMeter\n\n\n${meter('K2000', 'LabMeter')}`,
    'lab/keithley/k2001.py': `from . import k2000\n\n\n${meter('K2001', 'k2000.K2000')}`,
    'loose.py': `from lab.common import *\n\n\n${meter('Loose', 'LabMeter')}`,
  });
  t.same(namesOf(found), ['K2000', 'K2001', 'LabMeter', 'Loose']);
  t.ok(found.definitions.every((one) => one.instrument_type === 'measurement'));
});

t.test('imports by the name of the folder itself are followed', async (t) => {
  const found = extractTexts(
    {
      'a/base_stage.py': meter('Stage', 'BaseMovementInstrument'),
      'b/xy.py': `from lab.setups.a.base_stage import Stage\n\n\n${meter('XY', 'Stage')}`,
    },
    { location: ['home', 'lab', 'setups'] },
  );
  t.same(namesOf(found), ['Stage', 'XY']);
});

t.test(
  'classes without an instrument base are not instruments, whatever their names',
  async (t) => {
    const found = extractTexts({
      'a.py':
        'from elsewhere.experiments import Measurement\n\n\nclass A(Measurement):\n    pass\n',
      'b.py': 'class Loop(Loop):\n    pass\n',
      'c.py':
        'from pybirch.Instruments.base import SimulatedDelay\n\n\nclass C(SimulatedDelay):\n    pass\n',
      'd.py': 'def f():\n    class Inner(BaseMeasurementInstrument):\n        pass\n',
    });
    t.same(namesOf(found), []);
    t.equal(found.skipped.length, 4);
  },
);

t.test('a further base class may come from anywhere, even from the folder', async (t) => {
  const bases = new Map([['Device', 'movement' as const]]);
  const found = extractTexts(
    {
      'device.py': 'class Device:\n    def __init__(self):\n        pass\n',
      'stage.py': `from device import Device\n\n\n${meter('Stage', 'Device')}`,
      'other.py': `from vendor.sdk import Device\n\n\n${meter('Other', 'Device')}`,
    },
    { bases },
  );
  t.same(namesOf(found), ['Other', 'Stage']);
  t.same(Object.keys(Object.fromEntries(named(found, 'Stage').files)), ['Stage.py', 'device.py']);
});

t.test('base classes of other classes are included and do not become definitions', async (t) => {
  const base = 'from pybirch.Instruments.base import BaseMeasurementInstrument\n';
  const found = extractTexts({
    'm.py': [
      base,
      'from abc import ABC, abstractmethod\n\n',
      meter('_Private'),
      meter('MeterBase'),
      'class Shared(BaseMeasurementInstrument):\n    unit = "V"\n\n',
      'class Explicit(BaseMeasurementInstrument, ABC):\n    pass\n\n',
      'class Partly(BaseMeasurementInstrument):\n    @abstractmethod\n    def read(self): ...\n\n',
      'class A(_Private, MeterBase, Shared, Explicit, Partly):\n    def read(self): ...\n\n',
      meter('Real'),
      'class RealToo(Real):\n    pass\n\n',
      'class RealThree(RealToo):\n    pass\n',
    ].join('\n'),
  });
  t.same(namesOf(found), ['A', 'Real', 'RealThree', 'RealToo']);
  t.match(skips(found).join('\n'), /_Private: private, going by its name; copied into A\n/);
  t.match(
    skips(found).join('\n'),
    /MeterBase: a base of other classes, going by its name; copied into A\n/,
  );
  t.match(
    skips(found).join('\n'),
    /Shared: a base of other classes, without a constructor; copied into A\n/,
  );
  t.match(skips(found).join('\n'), /Explicit: abstract; .*\n.*Partly: abstract; /);
});

t.test("PyBirch's own modules become no definitions and stay in place", async (t) => {
  const pybirch =
    'class BaseMeasurementInstrument:\n    pass\n\n\nclass FakeMeasurementInstrument(BaseMeasurementInstrument):\n    pass\n';
  const found = extractTexts({
    'base.py': pybirch,
    'meter.py': `from base import FakeMeasurementInstrument\n\n\n${meter('Meter', 'FakeMeasurementInstrument')}`,
    'deep/other.py': `from ..base import FakeMeasurementInstrument as F\n\n\n${meter('Other', 'F')}`,
  });
  t.same(namesOf(found), ['Meter', 'Other']);
  const text = (name: string) =>
    new TextDecoder().decode(named(found, name).files.get(`${name}.py`));
  t.match(text('Meter'), /^from pybirch\.Instruments\.base import FakeMeasurementInstrument\n/);
  t.match(
    text('Other'),
    /^from pybirch\.Instruments\.base import FakeMeasurementInstrument as F\n/m,
  );
});

t.test('tests are not searched', async (t) => {
  const found = extractTexts({
    'tests/fakes.py': meter('Fake'),
    'test_meter.py': meter('Other'),
    'meter.py': meter('Meter'),
  });
  t.same(namesOf(found), ['Meter']);
  t.match(skips(found).join('\n'), /Other: part of a test/);
});

t.test('importing any part of PyBirch under any name gives the same definitions', async (t) => {
  const base =
    'from .mixin import Mixin\n\n\nclass BaseMeasurementInstrument(Mixin):\n    pass\n\n\nclass BaseMovementInstrument(Mixin):\n    pass\n';
  const files: Record<string, string> = {
    '__init__.py': '',
    'pybirch/__init__.py': '',
    'pybirch/Instruments/__init__.py': 'from .base import BaseMeasurementInstrument\n',
    'pybirch/Instruments/base.py': base,
    'pybirch/Instruments/mixin.py': 'class Mixin:\n    pass\n',
    'pybirch/scan/__init__.py': '',
    'pybirch/scan/tools.py': 'def tool():\n    pass\n',
    'pybirch/Instruments/AMETEK/meter.py': `from pybirch.Instruments.base import BaseMeasurementInstrument\nfrom pybirch.Instruments import mixin\nfrom pybirch.scan.tools import tool\n\n\n${meter('Meter')}    v = mixin, tool\n`,
    'pybirch/Instruments/fakes.py': `try:\n    from pybirch.Instruments.base import BaseMeasurementInstrument\nexcept ImportError:\n    class BaseMeasurementInstrument:\n        pass\n\n\n${meter('Fake')}`,
    'pybirch/Instruments/near.py': `from .base import BaseMeasurementInstrument as B\nfrom . import mixin\n\n\n${meter('Near', 'B')}    v = mixin\n`,
  };
  const below = (folder: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(files)
        .filter(([path]) => path.startsWith(folder))
        .map(([path, text]) => [path.slice(folder.length), text]),
    );
  const parts: [folder: string, location: string[], packageName: string][] = [
    ['', ['src', 'PyBirch'], 'PyBirch'],
    ['', ['src', 'pybirch'], 'pybirch'],
    ['', ['src', 'copy'], 'copy'],
    ['pybirch/', ['src', 'PyBirch', 'pybirch'], 'PyBirch.pybirch'],
    ['pybirch/', ['src', 'copy', 'pybirch'], 'copy.pybirch'],
    ['pybirch/', ['src', 'mine'], 'mine'],
    ['pybirch/Instruments/', ['src', 'pybirch', 'Instruments'], 'PyBirch.pybirch.Instruments'],
    ['pybirch/Instruments/', ['src', 'mine', 'Instruments'], 'mine.Instruments'],
  ];
  const found = parts.map(([folder, location, packageName]) => ({
    what: `${folder} in ${location.join('/')}`,
    found: extractTexts(below(folder), { location, packageName }),
  }));
  for (const { what, found: one } of found) {
    t.same(namesOf(one).sort(), ['Fake', 'Meter', 'Near'], what);
    t.same(textsOf(named(one, 'Meter')), textsOf(named(found[0]?.found as never, 'Meter')), what);
    t.match(
      textsOf(named(one, 'Near'))['Near.py'],
      /^from pybirch\.Instruments\.base import BaseMeasurementInstrument as B\nfrom pybirch\.Instruments import mixin\n/,
      what,
    );
    t.match(
      textsOf(named(one, 'Meter'))['Meter.py'],
      /^from pybirch\.scan\.tools import tool$/m,
      what,
    );
  }
  const alone = extractTexts(below('pybirch/Instruments/AMETEK/'), {
    location: ['src', 'PyBirch', 'pybirch', 'Instruments', 'AMETEK'],
  });
  t.same(textsOf(named(alone, 'Meter')), textsOf(named(found[0]?.found as never, 'Meter')));
});

t.test(
  'an unresolvable import is reported, and only classes that need it are skipped',
  async (t) => {
    const base = 'from pybirch.Instruments.base import BaseMeasurementInstrument\n';
    const files = {
      'lab/__init__.py': '',
      'lab/a.py': `${base}from ...outside import x\n\n\n${meter('A')}    v = x\n`,
      'lab/b.py': `${base}from .missing import x\n\n\n${meter('B')}    v = x\n`,
      'lab/c.py': `${base}try:\n    from .missing import x\nexcept ImportError:\n    x = 1\n\n\n${meter('C')}    v = x\n`,
      'lab/d.py': `${base}\n\n${meter('D')}\n    def f(self):\n        from .missing import x\n        return x\n`,
      'lab/e.py': `${base}from .missing import x\n\n\n${meter('E')}`,
      'F/F.py': `${base}from ..outside import x\n\n\n${meter('F')}    v = x\n`,
    };
    const found = extractTexts(files);
    t.same(namesOf(found), ['C', 'D', 'E']);
    t.match(
      skips(found).join('\n'),
      /lab\/a\.py A: lab\/a\.py:2: from \.\.\.outside import x refers to a module outside the folder/,
    );
    t.match(skips(found).join('\n'), /lab\/b\.py B: lab\/b\.py:2: from \.missing/);
    t.match(skips(found).join('\n'), /F\/F\.py F: F\/F\.py:2: from \.\.outside/);
    for (const name of ['C', 'D']) t.match(named(found, name).warnings.join(), /\.missing/);
    const above = extractTexts(
      { '__init__.py': '', 'a.py': `${base}from ..tools import x\n\n\n${meter('A')}    v = x\n` },
      { location: ['src', 'vendor', 'devices'], packageName: 'vendor.devices' },
    );
    t.match(textsOf(named(above, 'A'))['A.py'], /^from vendor\.tools import x$/m);
    t.match(named(above, 'A').warnings.join(), /needs the package vendor/);
  },
);

t.test('a base class becomes a definition if it can be instantiated and is a device', async (t) => {
  const head =
    'from abc import ABC, abstractmethod\nfrom pybirch.Instruments.base import BaseMeasurementInstrument\n';
  const child = 'class Child(X):\n    def ask(self):\n        return 1\n';
  const x = (body: string): string => `class X(BaseMeasurementInstrument):\n${body}\n`;
  const abstract =
    'class A(BaseMeasurementInstrument, ABC):\n    @abstractmethod\n    def ask(self): ...\n\n\nclass X(A):\n    """It."""\n';
  const made: Record<string, string> = {
    documented: x('    """The HP 6652A power supply."""'),
    constructed: meter('X'),
    'called somewhere': `${x('    pass')}\n\nx = X()\n`,
    'with the methods that an abstract base class requires': `${abstract}    def ask(self):\n        return 1\n`,
  };
  for (const [what, text] of Object.entries(made))
    t.ok(namesOf(extractTexts({ 'm.py': `${head}${text}\n${child}` })).includes('X'), what);
  const left = '        raise NotImplementedError("later")';
  const bases: Record<string, string> = {
    undocumented: x('    pass'),
    'documented as a base': x('    """Base class of supplies."""\n    def __init__(self): ...'),
    'leaving methods to subclasses': x(
      `    """It."""\n    def __init__(self): ...\n    def ask(self):\n        """Asks."""\n${left}`,
    ),
    'leaving its measurement to subclasses': x(
      `    """It."""\n    def _perform_measurement_impl(self):\n${left}`,
    ),
    'with an inherited abstract method': abstract,
  };
  for (const [what, text] of Object.entries(bases)) {
    const found = extractTexts({ 'm.py': `${head}${text}\n${child}` });
    t.notOk(namesOf(found).includes('X'), what);
    t.match(skips(found).join('\n'), / X: (abstract|a base of other classes)/, what);
  }
});

t.test('methods of a further base class do not count as missing', async (t) => {
  const core =
    'class Common:\n    def write(self):\n        raise NotImplementedError("in a subclass")\n\n\nclass Mixin(Common):\n    """Asks."""\n\n\nclass Instrument(Common):\n    def write(self):\n        return 1\n';
  const x = (bases: string): string =>
    `from core import Common, Instrument, Mixin\n\n\nclass Other:\n    def write(self):\n        raise NotImplementedError\n\n\nclass X(${bases}):\n    """The 33500 generator."""\n\n\nclass Child(X):\n    """The 33521."""\n`;
  const names = (bases: string): string[] =>
    namesOf(
      extractTexts(
        { 'core.py': core, 'm.py': x(bases) },
        { bases: new Map([['Instrument', 'measurement' as const]]) },
      ),
    );
  t.ok(names('Mixin, Instrument').includes('X'));
  t.ok(names('Instrument, Other').includes('X'));
  t.notOk(names('Other, Instrument').includes('X'));
});

t.test(
  'a class that looks like an instrument but is not imported is reported with the reason',
  async (t) => {
    const cases: Record<string, string> = {
      'class X(BASES["m"]): ...\n': 'X: its base class is computed',
      'class X(make()): ...\n': 'X: its base class is computed',
      'class X(*[F]): ...\n': 'X: its base class is computed',
      'def f():\n    class X(F): ...\n': 'X: it is inside a function or another class',
      'class A:\n    class X(F): ...\n': 'X: it is inside a function or another class',
      'class X(BASES["m"].Row): ...\n': 'X: its base class is computed',
      'X = type("X", (F,), {})\n': 'X: a call creates it',
      'def f(name):\n    return type(name, (object, F), {})\n': '?: a call creates it',
      'X = type(F)("X", bases=(F,), dict={})\n': 'X: a call creates it',
      'import types\nX = types.new_class("X", (F,))\n': 'X: a call creates it',
      'kind = type(F)\n': '',
      'X = type("X", (dict,), {})\n': '',
      'print("X", (F,))\n': '',
      'class X(list): ...\n': '',
      'from collections import namedtuple\nclass X(namedtuple("X", "a b")): ...\n': '',
      'from typing import Generic, TypeVar\nT = TypeVar("T")\nclass X(Generic[T]): ...\n': '',
      'def f():\n    class X(dict): ...\n': '',
    };
    const head =
      'from pybirch.Instruments.base import FakeMeasurementInstrument as F\nBASES = dict(m=F)\ndef make():\n    return F\n';
    for (const [code, reason] of Object.entries(cases)) {
      const found = extractTexts({ 'm.py': head + code });
      const classes = found.skipped.flatMap((one) =>
        one.class ? [`${one.class}: ${one.reason}`] : [],
      );
      t.equal(classes.length, reason === '' ? 0 : 1, code);
      t.ok(classes.join().startsWith(reason), `${code}${classes.join()}`);
    }
  },
);

t.test(
  'a lab’s own base class needs instrument-type in the header, and needs nothing else',
  async (t) => {
    const found = extractTexts(
      {
        'Instrument.py':
          'class Instrument:\n    def __init__(self, name):\n        self.name = name\n',
        'K.py': `from Instrument import Instrument\n\n\n${meter('K', 'Instrument')}`,
      },
      { bases: new Map([['Instrument', 'measurement' as const]]) },
    );
    const { files } = named(found, 'K');
    t.same([...files.keys()].sort(), ['Instrument.py', 'K.py']);
    const { errors, warnings } = validateDefinition('K', files, { banned: [], allowed: [] });
    t.same(errors, []);
    t.match(
      warnings.find(({ code }) => code === 'own-base'),
      { message: /only the header says/ },
    );
  },
);
