/**
 * A class may need the side effects that its module has when it is imported. The oracle is Python: it imports the
 * folder and the extracted definition, and the class must see the same in both.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { extractTexts, named, textsOf } from './helpers.ts';

const BASE = 'from pybirch.Instruments.base import BaseMeasurementInstrument\n';

/** By name of the case: the code before the class, and an expression that is evaluated in the class's module. */
const ACTS: Record<string, [head: string, seen: string]> = {
  'a call of a function of the module that fills a table': [
    'UNITS = {}\n\n\ndef register(name, unit):\n    UNITS[name] = unit\n\n\nregister("a", "V")',
    'UNITS',
  ],
  'a call without arguments': [
    'TABLE = {}\n\n\ndef _initialize():\n    for n in range(3):\n        TABLE[n] = n * n\n\n\n_initialize()',
    'TABLE',
  ],
  'a call of a call': [
    'T = []\n\n\ndef deep(x):\n    T.append(x)\n\n\ndef outer(x):\n    deep(x)\n\n\nouter(3)',
    'T',
  ],
  'a name that a function makes global': [
    'def init():\n    global LIMIT\n    LIMIT = 5\n\n\ninit()',
    'LIMIT',
  ],
  'a result that is not stored': [
    'T = []\n\n\ndef add(x):\n    T.append(x)\n    return x\n\n\nIGNORED = add(3)\n_, OTHER = add(4), add(5)',
    'T',
  ],
  'a loop': ['T = {}\nfor name in "ab":\n    T[name] = len(T)', 'T'],
  'a loop over a function': ['T = []\nadd = T.append\nfor name in "ab":\n    add(name)', 'T'],
  'with and try': [
    'import contextlib\nT = []\nwith contextlib.suppress(ValueError):\n    T.append(1)\ntry:\n    T.append(2)\nexcept ValueError:\n    T.append(3)\nelse:\n    T.append(4)',
    'T',
  ],
  'augmented assignment': ['T = [1]\nT += [2]\nD = {"a": 1}\nD["a"] += 1\nD |= {"b": 2}', '(T, D)'],
  deletion: ['D = {"a": 1, "b": 2}\ndel D["a"]', 'D'],
  'a function that registers': [
    'R = {}\n\n\ndef command(function):\n    R[function.__name__] = function()\n    return function\n\n\n@command\ndef ping():\n    return 1',
    'R',
  ],
  'a decorator with arguments': [
    'R = {}\n\n\ndef command(name):\n    def wrap(function):\n        R[name] = function()\n        return function\n    return wrap\n\n\n@command("p")\ndef ping():\n    return 1',
    'R',
  ],
  'a decorator that is a callable object': [
    'class Registry:\n    def __init__(self):\n        self.all = {}\n    def __call__(self, f):\n        self.all[f.__name__] = f()\n        return f\n    def add(self, f):\n        return self(f)\n\n\nR = Registry()\n\n\n@R\ndef one():\n    return 1\n\n\n@R.add\ndef two():\n    return 2',
    'R.all',
  ],
  'a class that is registered': [
    'R = {}\n\n\ndef known(cls):\n    R[cls.__name__] = cls.gain\n    return cls\n\n\n@known\nclass Part:\n    gain = 2',
    'R',
  ],
  'instances that register themselves': [
    'class Variety:\n    known = {}\n    def __init__(self, name):\n        self.known[name] = name\n\n\nVOLT = Variety("volt")\nVariety("amp")',
    'Variety.known',
  ],
  'a class that counts its instances': [
    'class Port:\n    count = 0\n    def __init__(self):\n        Port.count += 1\n\n\nA = Port()\nB = Port()',
    'Port.count',
  ],
  'a base class that lists its subclasses': [
    'class Part:\n    known = {}\n    def __init_subclass__(cls, **more):\n        cls.known[cls.__name__] = cls.gain\n\n\nclass One(Part):\n    gain = 1\n\n\nclass Two(One):\n    gain = 2',
    'Part.known',
  ],
  'a metaclass': [
    'class Meta(type):\n    known = []\n    def __init__(cls, name, bases, body):\n        Meta.known.append(name)\n\n\nclass Part(metaclass=Meta):\n    pass\n\n\nclass More(Part):\n    pass',
    'Meta.known',
  ],
  'attributes of a class that are set later': [
    'class Part:\n    pass\n\n\ndef gain(self):\n    return 7\n\n\nPart.gain = gain\nPart.x = Part.y = 3\nfor name in ("a", "b"):\n    setattr(Part, name, name)',
    '(Part().gain(), Part.x, Part.a, Part.b)',
  ],
  'attributes set through another name': [
    'class A:\n    pass\n\n\nclass B:\n    pass\n\n\nfor cls in (A, B):\n    cls.gain = 3\nC = A\nC.more = 4',
    '(A.gain, A.more)',
  ],
  'a class method that registers': [
    'class Part:\n    known = []\n    @classmethod\n    def register(cls, name):\n        cls.known.append(name)\n\n\nPart.register("x")\nok = Part.register("y")',
    'Part.known',
  ],
  'names that the module looks up': [
    'for n in ("A", "B"):\n    globals()[n + "_UNIT"] = n',
    '(A_UNIT, B_UNIT)',
  ],
  'attributes that are set on the module': [
    'import sys\nsetattr(sys.modules[__name__], "LIMIT", 3)',
    'LIMIT',
  ],
  'a call of a library': [
    'import decimal\ndecimal.getcontext().prec = 5\ndecimal.setcontext(decimal.Context(prec=7))',
    '__import__("decimal").getcontext().prec',
  ],
  'a function that calls a library': [
    'import os\n\n\ndef prepare():\n    os.environ["LAB_PORT"] = "7"\n\n\nprepare()',
    '__import__("os").environ["LAB_PORT"]',
  ],
  'a function registered with atexit': [
    'import atexit\nCLOSED = []\n\n\n@atexit.register\ndef close():\n    CLOSED.append(1)',
    '__import__("atexit")._ncallbacks()',
  ],
  'a walrus and a comprehension': [
    'T = []\n[T.append(n) for n in range(3)]\nif (n := T.append(9)) is None:\n    pass',
    'T',
  ],
  'a default value with an effect': ['T = []\n\n\ndef f(x=T.append(1)):\n    return x', 'T'],
  'a class body with an effect': [
    'T = []\n\n\nclass Part:\n    T.append(1)\n    x = T.append(2)',
    'T',
  ],
  'a partial function': [
    'import functools\nT = []\n\n\ndef add(a, b):\n    T.append((a, b))\n\n\nadd_one = functools.partial(add, 1)\nadd_one(2)',
    'T',
  ],
  'a generator with a match statement': [
    'T = []\nmatch 3:\n    case 3:\n        T.append(3)\n    case _:\n        pass',
    'T',
  ],
};

/** By the code before the class: an expression that works only if `lab.scpi` can be imported by its name. */
const NAMED: Record<string, string> = {
  'import importlib\nscpi = importlib.import_module("lab.scpi")': 'scpi.GAIN',
  'import importlib as il\nother = il.import_module("lab" ".scpi")': 'other.GAIN',
  'import importlib\nscpi = importlib.import_module(".scpi", __package__)': 'scpi.GAIN',
  'import importlib\nscpi = importlib.import_module(".scpi", "lab")': 'scpi.GAIN',
  'from importlib import import_module as load\nGAIN = load(name="lab.scpi").GAIN': 'GAIN',
  'from importlib import import_module\n\n\ndef load():\n    one = import_module("lab.scpi")\n    return one.GAIN':
    'load()',
  'scpi = __import__("lab.scpi", fromlist=["GAIN"])': 'scpi.GAIN',
  'import importlib': 'importlib.import_module("lab.scpi").GAIN',
};

const module = (head: string, seen: string): string =>
  `${BASE}${head}\n\n\nclass Meter(BaseMeasurementInstrument):\n    @staticmethod\n    def seen():\n        return repr(${seen})\n`;

/** Returns the result of `Meter.seen()` in each folder. Each folder runs in its own forked Python. */
function seenBy(folder: string, modules: Record<string, string>): Record<string, string> {
  const code = `
import importlib, json, os, sys, types
base = types.ModuleType("pybirch.Instruments.base")
base.BaseMeasurementInstrument = type("BaseMeasurementInstrument", (), {})
for name in ("pybirch", "pybirch.Instruments"): sys.modules[name] = types.ModuleType(name)
sys.modules["pybirch.Instruments.base"] = base
found = {}
for key, name in json.loads(sys.argv[1]).items():
    read, write = os.pipe()
    if os.fork() == 0:
        sys.path.insert(0, os.path.join(sys.argv[2], key))
        try: said = importlib.import_module(name).Meter.seen()
        except BaseException as error: said = repr(error)
        os.write(write, said.encode()); os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe: found[key] = pipe.read()
    os.wait()
print(json.dumps(found))
`;
  return JSON.parse(
    execFileSync('python3', ['-c', code, JSON.stringify(modules), folder], { encoding: 'utf8' }),
  );
}

function write(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

t.test('effects of a module’s import are kept in the extracted definition', async (t) => {
  const folder = t.testdir();
  const modules: Record<string, string> = {};
  const cases = new Map<string, string>();
  const note = (what: string, files: Record<string, string>, own: string): void => {
    const key = `c${cases.size}`;
    cases.set(key, what);
    write(join(folder, `${key}_theirs`), files);
    write(join(folder, `${key}_ours`), textsOf(named(extractTexts(files), 'Meter')));
    modules[`${key}_theirs`] = own;
    modules[`${key}_ours`] = 'Meter';
  };
  for (const [what, [head, seen]] of Object.entries(ACTS)) {
    note(what, { 'm.py': module(head, seen) }, 'm');
    const names = /^\(?(\w+)/.exec(seen)?.[1] ?? '';
    const star = seen.startsWith('__')
      ? 'import lab.state'
      : `from lab import state\nfrom lab.state import *`;
    note(
      `${what}, in a helper`,
      { 'lab/__init__.py': '', 'lab/state.py': `${head}\n`, 'lab/m.py': module(star, seen) },
      'lab.m',
    );
    if (seen === names) {
      const one = `from lab.state import ${names}`;
      note(
        `${what}, in a helper, by its name`,
        { 'lab/__init__.py': '', 'lab/state.py': `${head}\n`, 'lab/m.py': module(one, seen) },
        'lab.m',
      );
    }
  }
  note(
    'a module imported for its effects',
    {
      'lab/__init__.py': '',
      'lab/table.py': 'UNITS = {}\n',
      'lab/more.py': 'from lab.table import UNITS\n\nUNITS["a"] = 1\n',
      'lab/m.py': module('import lab.more\nfrom lab.table import UNITS', 'UNITS'),
    },
    'lab.m',
  );
  note(
    'a class patched by a neighbour',
    {
      'lab/__init__.py': '',
      'lab/part.py': 'class Part:\n    gain = 1\n',
      'lab/patch.py': 'from . import part\n\npart.Part.gain = 2\n\n\ndef unused():\n    pass\n',
      'lab/m.py': module('from . import patch  # noqa\nfrom .part import Part', 'Part.gain'),
    },
    'lab.m',
  );
  for (const imported of [
    'from lab.io import HasIO, StringIO',
    'from .io import HasIO as io, StringIO',
  ])
    note(
      `a module that another one imports a name of, which nobody needs: ${imported}`,
      {
        'lab/__init__.py': '',
        'lab/io.py':
          'import os\n\nos.environ["LAB_IO"] = "1"\n\n\nclass HasIO:\n    pass\n\n\nclass StringIO(HasIO):\n    pass\n',
        'lab/core.py': `${imported}\n\nBUSY = 3\n`,
        'lab/m.py': module('import os\nfrom lab.core import BUSY', '(BUSY, os.environ["LAB_IO"])'),
      },
      'lab.m',
    );
  for (const [head, seen] of Object.entries(NAMED)) {
    const files = {
      'lab/__init__.py': '',
      'lab/scpi.py': 'GAIN = 4\n',
      'lab/m.py': module(head, seen),
    };
    note(`by name: ${head}`, files, 'lab.m');
  }
  const seen = seenBy(folder, modules);
  for (const [key, what] of cases) {
    t.notMatch(seen[`${key}_theirs`], /Error/, what);
    t.equal(seen[`${key}_ours`], seen[`${key}_theirs`], what);
  }
});

t.test('statements that provably affect nothing kept are left out', async (t) => {
  const left: Record<string, RegExp> = {
    'OTHER = {}\nOTHER["a"] = 1': /OTHER/,
    'class Other:\n    pass\n\n\nOther.x = 1': /Other/,
    'OTHER = []\n\n\ndef fill():\n    OTHER.append(1)\n\n\nfill()': /OTHER|fill/,
    'print("loaded")': /loaded/,
    'import sys\nsys.path.insert(0, "..")': /sys/,
    'import sys\nif ".." not in sys.path:\n    sys.path.append("..")': /sys/,
    'import logging\nlog = logging.getLogger(__name__)\nlog.addHandler(logging.NullHandler())':
      /log/,
    'import json': /json/,
    'import functools\n\n\n@functools.lru_cache\ndef other():\n    return 1': /other/,
    'class Other:\n    def __init__(self):\n        self.all = []\n        self.all.append(1)\n\n\nOTHER = Other()':
      /other/i,
  };
  for (const [head, gone] of Object.entries(left)) {
    const found = named(extractTexts({ 'm.py': module(head, '1') }), 'Meter');
    t.notMatch(textsOf(found)['Meter.py'], gone, head);
  }
});

t.test('a module that is imported by a name which the code computes is reported', async (t) => {
  const heads: Record<string, RegExp> = {
    'import importlib\n\n\ndef load(model):\n    return importlib.import_module(f"lab.{model}")':
      /lab\/m\.py:6: importlib.import_module\(f"lab\.\{model\}"\) imports a module by a computed name/,
    'def load(model):\n    return __import__("lab.scpi").scpi':
      /lab\/m\.py:3: __import__\("lab\.scpi"\) imports/,
    'import importlib\n\n\ndef load(model):\n    return importlib.import_module("numpy.linalg")':
      /^$/,
    'class Loader:\n    def import_module(self, name):\n        return name\n\n\ndef load(model):\n    return Loader().import_module(model)':
      /^$/,
  };
  for (const [head, warning] of Object.entries(heads)) {
    const files = {
      'lab/__init__.py': '',
      'lab/scpi.py': 'GAIN = 4\n',
      'lab/m.py': module(head, 'load(1)'),
    };
    t.match(named(extractTexts(files), 'Meter').warnings.join('\n'), warning, head);
  }
});

t.test('a module of the folder that outside code may import by its name is reported', async (t) => {
  const uses: Record<string, [warning: RegExp, packages: string[]]> = {
    'loader.load("lab.scales." + model)': [
      /lab\/m\.py:\d+: "lab\.scales\." may be used to import: this import needs the package lab installed/,
      ['lab'],
    ],
    'loader.load("lab.scales.Scale")': [/"lab\.scales\.Scale" may be used to import/, ['lab']],
    'loader.load(model, __package__)': [
      /lab\/m\.py:\d+: loader\.load\(model, __package__\) may be used to import: this import would not find/,
      [],
    ],
    'loader.load("numpy.linalg")': [/^$/, []],
    'loader.load("lab.absent")': [/^$/, []],
    'loader.load("scales.py")': [/^$/, []],
    'loader.logging.getLogger("lab.scales")': [/^$/, []],
    'loader.resources.files(__package__)': [/^$/, []],
    'loader.metadata.version(__package__)': [/^$/, []],
  };
  for (const [use, [warning, packages]] of Object.entries(uses)) {
    const files = {
      'lab/__init__.py': '',
      'lab/scales.py': 'class Scale:\n    pass\n',
      'lab/m.py': module(`import loader\n\n\ndef load(model):\n    return ${use}`, 'load(1)'),
    };
    const found = named(extractTexts(files), 'Meter');
    t.match(found.warnings.join('\n'), warning, use);
    t.same(found.packages, packages, use);
  }
});

t.test('a folder without __init__.py is a package as well', async (t) => {
  const found = extractTexts({
    'lab/scales.py': 'class Scale:\n    pass\n',
    'lab/m.py': module(
      'import loader\n\n\ndef load(model):\n    return loader.load(model, __package__)',
      'load(1)',
    ),
  });
  t.match(named(found, 'Meter').warnings.join('\n'), /__package__\) may be used to import/);
});
