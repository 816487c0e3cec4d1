/**
 * Valid code that uses files, which every lab computer refuses at run time. The oracle is the guard of the lab
 * computers' package.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { DEFAULT_BANNED } from '../../registry/definitions/banned.ts';
import type { ImportPolicy } from '../../registry/definitions/types.ts';
import { validateDefinition } from '../../registry/definitions/validate.ts';
import { CLIENT, pythonWith, runsTheClient } from '../helpers/python.ts';

const run = promisify(execFile);
const POLICY: ImportPolicy = { banned: [...DEFAULT_BANNED], allowed: [] };

const REFUSED = [
  'from pathlib import Path\nPath.home().write_text("x")',
  'import pathlib\n(pathlib.Path.home() / "a").write_bytes(b"x")',
  'import pathlib as pl\np = pl.Path("a")\np.touch()',
  'from pathlib import Path as P\nP("made").mkdir()',
  'from pathlib import Path\nlist((Path.home() / "a").parent.iterdir())',
  'from pathlib import Path\nPath.cwd().joinpath("a").open()',
  'import tempfile\ntempfile.mkstemp()',
  'from tempfile import TemporaryDirectory as T\nT()',
  'import sqlite3\nsqlite3.connect(":memory:")',
  'import logging.handlers\nlogging.handlers.RotatingFileHandler("a.log")',
  'import numpy as np\nnp.savetxt("a.txt", [1.0])',
  'import numpy\nnumpy.array([1.0]).tofile("a.bin")',
];
const FINE = [
  'from pathlib import Path\nPath(__file__).parent.joinpath("a.csv").exists()\nPath.home()',
  'from pathlib import Path\nPath(__file__).read_text()',
  'import asyncio\nasync def f(): pass\nasyncio.run(f())',
  'import logging\nlogging.getLogger("a").warning("x")',
  'class Device:\n    def write_text(self, t): pass\nDevice().write_text("x")',
];

const RUN = `
import json, sys, tempfile, pathlib
from pybirch_registry.guard import Policy, guarded_builtins, watch
from pybirch_registry.errors import GuardError, BannedImportError
folder = sys.argv[1]
file = f"{folder}/Meter.py"
builtins, gate = guarded_builtins("Meter v1", "meter", frozenset(), Policy())
watch(builtins, gate, "Meter v1", folder, Policy())
def refused(source):
    try:
        exec(compile(source, file, "exec"), {"__builtins__": builtins, "__name__": "meter", "__file__": file})
    except (GuardError, BannedImportError):
        return True
    return False
print(json.dumps([refused(source) for source in json.loads(sys.argv[2])]))
`;

t.test(
  'code that the guard refuses causes a warning, code that it allows causes none',
  async (t) => {
    const folder = t.testdir({ definition: { 'Meter.py': '' }, home: {} });
    const home = join(folder, 'home');
    const snippets = [...REFUSED, ...FINE];
    const source = join(import.meta.dirname, '../../client/python/src');
    const env = { ...process.env, PYTHONPATH: source, HOME: home, TMPDIR: home };
    const interpreter = await pythonWith(CLIENT);
    if (!(await runsTheClient())) {
      t.plan(0, 'no Python here runs the lab computers’ package');
      return;
    }
    const said = await run(
      interpreter,
      ['-c', RUN, join(folder, 'definition'), JSON.stringify(snippets)],
      {
        env,
        cwd: home,
      },
    );
    const refused: boolean[] = JSON.parse(said.stdout);
    const warned = snippets.map((snippet) => codes(snippet, POLICY).includes('refused-when-run'));
    t.same(warned, refused);
    t.same(refused, [...REFUSED.map(() => true), ...FINE.map(() => false)]);
  },
);

t.test('there is no warning if the lab or a grant allows files', (t) => {
  for (const allowed of ['open', 'os', 'shutil'])
    t.notOk(
      codes(REFUSED[0] ?? '', { ...POLICY, allowed: [allowed] }).includes('refused-when-run'),
    );
  t.end();
});

function codes(source: string, policy: ImportPolicy): string[] {
  return validateDefinition(undefined, source, policy).warnings.map(({ code }) => code);
}
