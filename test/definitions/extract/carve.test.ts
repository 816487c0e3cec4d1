/** Which parts of its own module and of other modules a definition contains. */
import t from 'tap';
import { extractTexts, meter, named, namesOf, textsOf } from './helpers.ts';

const BASE = 'from pybirch.Instruments.base import BaseMeasurementInstrument\n';

/** The text without the header that an import writes. */
function body(text: string | undefined): string {
  return (text ?? '').replace(/^# \/\/\/ script\n(#.*\n)*?# \/\/\/\n\n?/m, '');
}

function main(files: Record<string, string>, name: string): string {
  return body(textsOf(named(extractTexts(files), name))[`${name}.py`]);
}

t.test('a module with one class and nothing to remove stays unchanged', async (t) => {
  const text = `#!/usr/bin/env python\n# A licence.\n"""About."""\n\n${BASE}import time  # used\n\nWAIT = 1  # s\n\n\n# Reads.\n@time.trace\nclass M(BaseMeasurementInstrument):\n    x = WAIT\n    # the end\n\n# over\n`;
  t.equal(main({ 'm.py': text }, 'M'), text);
});

t.test('code that the class does not need is left out with its comments', async (t) => {
  const text = `# Head.\n\nimport json\nimport os, math\n${BASE}\n# a constant\nA = 1\n# another\nB = 2\n\n\ndef helper(x):\n    return x + C\n\n\n# deep down\nC = 3\n\n\n# first\nclass One(BaseMeasurementInstrument):\n    def read(self):\n        return helper(A) + math.pi\n    # of One\n\n\n# second\nclass Two(BaseMeasurementInstrument):\n    b = B\n    # of Two\n`;
  t.equal(
    main({ 'm.py': text }, 'One'),
    `# Head.\n\nimport os, math\n${BASE}\n# a constant\nA = 1\n\n\ndef helper(x):\n    return x + C\n\n\n# deep down\nC = 3\n\n\n# first\nclass One(BaseMeasurementInstrument):\n    def read(self):\n        return helper(A) + math.pi\n    # of One\n`,
  );
  t.equal(
    main({ 'm.py': text }, 'Two'),
    `# Head.\n\n${BASE}# another\nB = 2\n\n\n# second\nclass Two(BaseMeasurementInstrument):\n    b = B\n    # of Two\n`,
  );
});

t.test('a parameter or local variable hides the module’s name', async (t) => {
  const text = `${BASE}\nvalue = print("no")\nlocal = 2\nkey = 3\n\n\nclass M(BaseMeasurementInstrument):\n    def f(self, value):\n        local = value\n        return local, dict(key=1), [i for i in ()]\n`;
  t.notMatch(main({ 'm.py': text }, 'M'), /^(value|local|key) =/m);
});

t.test('quoted annotations and f-strings are read', async (t) => {
  const text = `${BASE}\nUNIT = "V"\n\n\nclass Controller:\n    pass\n\n\nclass M(BaseMeasurementInstrument):\n    def f(self, c: "Controller") -> None:\n        return f"{UNIT!r}"\n`;
  t.equal(main({ 'm.py': text }, 'M'), text);
});

t.test(
  'statements that change needed names are kept; others are left out and reported',
  async (t) => {
    const text = `${BASE}import logging, sys, atexit\n\nsys.path.append("..")\nlog = logging.getLogger(__name__)\nlog.addHandler(logging.NullHandler())\nUNITS = {}\nUNITS["V"] = 1\nfor name in ("A", "B"):\n    UNITS[name] = 2\nprint("loaded")\n\n\nclass M(BaseMeasurementInstrument):\n    u = UNITS, log\n\n\natexit.register(M)\n\nif __name__ == "__main__":\n    M().connect()\n`;
    const found = extractTexts({ 'm.py': text });
    const code = body(textsOf(named(found, 'M'))['M.py']);
    t.match(code, /UNITS\["V"\] = 1\nfor name in/);
    t.match(code, /NullHandler/);
    t.match(code, /atexit\.register\(M\)/);
    t.notMatch(code, /sys\.path|print|__main__/);
    const warnings = named(found, 'M').warnings.join('\n');
    t.match(warnings, /m\.py:11: left out: print\("loaded"\)/);
    t.match(warnings, /left out: sys\.path/);
    t.match(warnings, /runs when imported: atexit\.register\(M\)/);
    t.notMatch(warnings, /NullHandler|__main__/);
  },
);

t.test('needed parts of neighbouring modules become sibling modules', async (t) => {
  const files = {
    'lab/__init__.py': '',
    'lab/buffer.py': `# Licence.\nimport struct\nfrom .units import UNITS, other\n\nUNUSED = 1\n\n\ndef unpack(data):\n    return struct.unpack(UNITS, data)\n`,
    'lab/units.py': `UNITS = "<f"\nother = 1\n`,
    'lab/kei/__init__.py': 'from .meter import Meter\n',
    'lab/kei/meter.py': `${BASE}from ..buffer import (\n    unpack as un,  # why\n    UNUSED,\n)\n\n\nclass Meter(BaseMeasurementInstrument):\n    def f(self):\n        if self.x:\n            from lab import units\n        return un(units.UNITS)\n`,
  };
  const texts = textsOf(named(extractTexts(files), 'Meter'));
  t.same(Object.keys(texts).sort(), ['Meter.py', 'buffer.py', 'units.py']);
  t.match(texts['Meter.py'], /\nfrom buffer import unpack as un\n/);
  t.match(texts['Meter.py'], /\n {12}import units\n/);
  t.match(texts['buffer.py'], /^# Licence\.\nimport struct\nfrom units import UNITS\n/);
  t.notMatch(texts['buffer.py'], /UNUSED/);
  t.equal(texts['units.py'], files['lab/units.py']);
});

t.test('modules with equal names, or the name of a package, are renamed', async (t) => {
  const texts = textsOf(
    named(
      extractTexts({
        'a/base.py': 'A = 1\n',
        'b/base.py': 'B = 2\n',
        'serial.py': 'import serial\n\nPORT = serial.Serial\n',
        'x/m.py': `${BASE}from a.base import A\nfrom b.base import B\nfrom serial import PORT\n\n\nclass M(BaseMeasurementInstrument):\n    v = A, B, PORT\n`,
      }),
      'M',
    ),
  );
  t.same(Object.keys(texts).sort(), ['M.py', 'b_base.py', 'base.py', 'serial_helper.py']);
  t.match(
    texts['M.py'],
    /from base import A\nfrom b_base import B\nfrom serial_helper import PORT\n/,
  );
});

t.test('a star import, and code that looks up names, keeps the whole module', async (t) => {
  const found = extractTexts({
    'consts.py': 'A = 1\nB = 2\n',
    'dyn.py': 'X = 1\nY = 2\n\n\ndef get(n):\n    return globals()[n]\n',
    'm.py': `${BASE}from consts import *\nfrom dyn import get\n\n\nclass M(BaseMeasurementInstrument):\n    v = A, get("X")\n`,
  });
  const texts = textsOf(named(found, 'M'));
  t.equal(texts['consts.py'], 'A = 1\nB = 2\n');
  t.match(texts['dyn.py'], /Y = 2/);
  t.match(named(found, 'M').warnings.join(), /dyn\.py: looks names up while it runs/);
});

t.test('data files that the code names are included', async (t) => {
  const code = `${BASE}import os\nfrom pathlib import Path\n\n\nclass M(BaseMeasurementInstrument):\n    a = os.path.join(os.path.dirname(__file__), "table.txt")\n    b = Path(__file__).parent / "data" / "more.csv"\n    c = "../secret.txt"\n    d = "absent.txt"\n`;
  const found = extractTexts({
    'set/m.py': code,
    'set/table.txt': '1,2\n',
    'set/data/more.csv': '3\n',
    'secret.txt': 'no\n',
  });
  t.same(Object.keys(textsOf(named(found, 'M'))).sort(), ['M.py', 'data/more.csv', 'table.txt']);
});

t.test('data files are included however their paths are written', async (t) => {
  const ways: Record<string, string[]> = {
    'open(r"tables\\cal.csv")': ['tables/cal.csv'],
    'open("tables\\\\cal.csv")': ['tables/cal.csv'],
    'open("./tables//cal.csv")': ['tables/cal.csv'],
    'Path(__file__).parent / "tables" / "cal.csv"': ['tables/cal.csv'],
    'Path(__file__).parent.joinpath("tables", "cal.csv")': ['tables/cal.csv'],
    'Path(__file__).with_name("flat.csv")': ['flat.csv'],
    'os.path.join(os.path.dirname(__file__), "tables", "cal.csv")': ['tables/cal.csv'],
    'os.path.dirname(__file__) + "/tables/cal.csv"': ['tables/cal.csv'],
    'importlib.resources.files(__package__) / "tables/cal.csv"': ['tables/cal.csv'],
    'importlib.resources.files(__package__).joinpath("flat.csv").read_text()': ['flat.csv'],
    'pkgutil.get_data(__name__, "tables/cal.csv")': ['tables/cal.csv'],
    'list((Path(__file__).parent / "tables").glob("*.csv"))': [
      'tables/cal.csv',
      'tables/deep/x.csv',
    ],
    'os.listdir("tables")': [],
  };
  const code = (way: string): string =>
    `${BASE}import importlib.resources, os, pkgutil\nfrom pathlib import Path\n\n\nclass M(BaseMeasurementInstrument):\n    def f(self):\n        return ${way}\n`;
  for (const [way, expected] of Object.entries(ways)) {
    const found = extractTexts({
      'set/m.py': code(way),
      'set/tables/cal.csv': '1\n',
      'set/tables/deep/x.csv': '2\n',
      'set/flat.csv': '3\n',
      'top.csv': '4\n',
    });
    const files = Object.keys(textsOf(named(found, 'M'))).filter((path) => path !== 'M.py');
    t.same(files.sort(), expected, way);
    t.same(named(found, 'M').warnings, [], way);
  }
  const above = extractTexts({
    'set/m.py': code('Path(__file__).parent.parent / "top.csv"'),
    'top.csv': '4\n',
  });
  t.match(named(above, 'M').warnings.join(), /top\.csv is named but not copied/);
});

t.test('imports of the base class’s package stay, and relative ones become absolute', async (t) => {
  const files = {
    '__init__.py': 'from .core import Device\nfrom .chan import Channel\n',
    'core.py':
      'from ..io import Port\nfrom .common import Common\n\n\nclass Device(Common):\n    def __init__(self):\n        pass\n',
    'common.py': 'class Common:\n    pass\n',
    'chan.py': 'class Channel:\n    pass\n',
    'tool.py': 'def tool():\n    pass\n',
    'maker/one.py': `from vendor.devices import Device, Channel\nfrom ..common import Common\nfrom ..tool import tool\nfrom ...io import Port\n\n\nclass One(Device):\n    v = Channel, Common, tool, Port\n`,
    'maker/__init__.py': '',
  };
  const found = extractTexts(files, {
    bases: new Map([['Device', 'measurement']]),
    location: ['src', 'vendor', 'devices'],
    packageName: 'vendor.devices',
  });
  t.same(namesOf(found), ['One']);
  const texts = textsOf(named(found, 'One'));
  t.same(Object.keys(texts).sort(), ['One.py', 'tool.py']);
  t.match(
    texts['One.py'],
    /from vendor\.devices import Device, Channel\nfrom vendor\.devices\.common import Common\nfrom tool import tool\nfrom vendor\.io import Port\n/,
  );
});

t.test('other encodings are converted to UTF-8 together with their declaration', async (t) => {
  const text = `# -*- coding: latin-1 -*-\n${BASE}\n\nclass M(BaseMeasurementInstrument):\n    unit = "µV"\n`;
  const found = extractTexts({ 'm.py': new Uint8Array(Buffer.from(text, 'latin1')) });
  t.match(textsOf(named(found, 'M'))['M.py'], /^# -\*- coding: utf-8 -\*-\n(.*\n)*.*"µV"/);
});

t.test('line ends and tabs stay', async (t) => {
  const text =
    `${meter('Other')}\n\n${BASE}from helper import f, g\n\nclass M(BaseMeasurementInstrument):\n\tv = f\n`.replaceAll(
      '\n',
      '\r\n',
    );
  const found = extractTexts({ 'm.py': text, 'helper.py': 'def f(): ...\ndef g(): ...\n' });
  const code = textsOf(named(found, 'M'))['M.py'] ?? '';
  t.match(
    code,
    /from helper import f\r\n\r\nclass M\(BaseMeasurementInstrument\):\r\n\tv = f\r\n$/,
  );
  t.notMatch(code, /[^\r]\n/);
});

t.test('a name that a neighbour imports from outside is imported from the neighbour', async (t) => {
  for (const from of ['from .near import tt, np', 'from lab.near import tt, np']) {
    const found = extractTexts({
      'lab/__init__.py': '',
      'lab/near.py':
        'import numpy as np\n\ntry:\n    import TimeTagger as tt\nexcept ImportError:\n    tt = None\n',
      'lab/m.py': `${BASE}${from}\n\n\nclass M(BaseMeasurementInstrument):\n    v = tt, np\n`,
    });
    const texts = textsOf(named(found, 'M'));
    t.match(texts['M.py'], /^from near import tt, np$/m, from);
    t.match(texts['near.py'], /import numpy as np\n\ntry:\n {4}import TimeTagger as tt/, from);
  }
});
