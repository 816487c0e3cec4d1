/** Renames definitions. The oracle is CPython: the renamed files must behave like the old ones. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import {
  RenameError,
  renameDefinition,
  renameTexts,
} from '../../registry/definitions/rename/rename.ts';

/**
 * The output of each program depends on which variable a name refers to. `Old` is the class. Other things in the
 * program have the same name.
 */
const PROGRAMS: Record<string, Record<string, string>> = {
  'references in the module': {
    'Old.py': `class Old:
    made = 0
    def __init__(self): Old.made += 1; self.__x = 1
    def twin(self): return type(self) is Old and super(Old, self).__init__() is None
    @classmethod
    def make(cls): return [Old() for _ in range(2)]
    @staticmethod
    def secret(one): return one._Old__x
class Sub(Old):
    def twin(self): return super().twin()
def f(kind=Old, *a, key=Old) -> Old: return isinstance(kind(), Old), key is Old
alias = Old
print(Old().twin(), len(Old.make()), Sub().twin(), f(), Old.secret(Old()), alias.made, (lambda Old=Old: Old.made)())
print([Old for Old in (1, 2)], {k: Old for k, Old in [(1, 2)]}, f"{Old.made:>{4}} Old {'Old'}")
`,
  },
  'other things with the same name': {
    'Old.py': `class Old: pass
class Other:
    Old = "attribute"
    def Old2(self, Old): return Old
def g(Old=3):
    def h(): return Old
    return h()
def k(**names): return sorted(names)
def w():
    Old = 4
    def inner():
        nonlocal Old
        Old += 1
        return Old
    return inner() + Old
class Copy:
    Old = Old
    again = Old
try: raise ValueError("Old")
except ValueError as error: print(error)
print(Other.Old, Other().Old2(Old=1), g(Old=2), g(), k(Old=1), w(), isinstance(Copy.Old(), Copy.again))
`,
  },
  'global, match, walrus, type parameters': {
    'Old.py': `class Old:
    __match_args__ = ("v",)
    def __init__(self, v=0): self.v = v
def reset():
    global Old
    before = Old
    Old = Old
    return before is Old
def which(x):
    match x:
        case Old(v=3): return "three"
        case Old(n): return n
def capture(x):
    match x:
        case {"Old": Old}: return Old
def last(): return [y for y in (1, 2) if (Old := y)] and Old
def annotated(x: "Old", y: "dict[str, Old]" = None) -> "Old | None": return x
import typing
print(reset(), which(Old(3)), which(Old(5)), capture({"Old": 7}), last(), typing.get_type_hints(annotated)["x"] is Old)
del Old
print("Old" in globals())
`,
  },
  'other modules': {
    'Old.py': `import helper
class Old:
    helper = helper.NAME
__all__ = ["Old"]
if __name__ == "__main__":
    import consumer, renamed, late, star, again
    from helper import Old as Own
    print(consumer.make().helper, renamed.B().helper, late.run(), star.Sub().helper, again.Old().helper, Own().own)
`,
    'helper.py': `NAME = "helper"
class Old:
    own = True
`,
    'consumer.py': `import Old
def make(): return Old.Old()
`,
    'renamed.py': `from Old import Old as B
import Old as m
assert m.Old is B
`,
    'late.py': `def run():
    from Old import (
        Old,  # the class
    )
    return Old().helper
Old = "mine"
`,
    'star.py': `from Old import *
class Sub(Old): pass
`,
    'again.py': `from star import Sub
from passing import Old
`,
    'passing.py': `try:
    from Old import Old
except ImportError:
    Old = None
`,
  },
};

const PYTHON = process.env.PYTHON ?? 'python3';

async function run(files: ReadonlyMap<string, string>, main: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rename-'));
  try {
    for (const [path, text] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    return execFileSync(PYTHON, ['-B', main], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  } finally {
    await rm(folder, { recursive: true });
  }
}

for (const [what, files] of Object.entries(PROGRAMS)) {
  t.test(`renamed code behaves as before: ${what}`, async (t) => {
    const before = new Map(Object.entries(files));
    const { files: after } = renameTexts(before, 'Old', 'New_2');
    const expected = await run(before, 'Old.py');
    t.not(expected.trim(), '');
    t.equal(await run(after, 'New_2.py'), expected);
  });
}

t.test('strings, comments and documentation stay and are reported', async (t) => {
  const { files, mentions } = renameTexts(
    new Map([
      [
        'SR830.py',
        '"""An SR830."""\n# SR830\nclass SR830:\n    model = "SR830"\n    kind = f"{SR830} SR8300"\n',
      ],
      ['README.md', '# The\nSR830\n'],
      ['tests/test_SR830.py', 'from SR830 import SR830\n\ndef test():\n    assert SR830.model\n'],
      [
        'tests/a.jsonl',
        '{"recording": 1, "args": {"class": "SR830"}, "class" : "SR830"}\n{"class": "SR830"}\n',
      ],
      ['tests/b.jsonl', '{"recording": 1, "class": "Other"}\n'],
    ]),
    'SR830',
    'SR830_Nano',
  );
  t.same(Object.fromEntries(files), {
    'SR830_Nano.py':
      '"""An SR830."""\n# SR830\nclass SR830_Nano:\n    model = "SR830"\n    kind = f"{SR830_Nano} SR8300"\n',
    'README.md': '# The\nSR830\n',
    'tests/test_SR830_Nano.py':
      'from SR830_Nano import SR830_Nano\n\ndef test():\n    assert SR830_Nano.model\n',
    'tests/a.jsonl':
      '{"recording": 1, "args": {"class": "SR830"}, "class" : "SR830_Nano"}\n{"class": "SR830"}\n',
    'tests/b.jsonl': '{"recording": 1, "class": "Other"}\n',
  });
  t.same(mentions, [
    { file: 'SR830_Nano.py', line: 4, text: '"SR830"' },
    { file: 'README.md', line: 2, text: 'SR830' },
  ]);
});

t.test('encoding, byte order mark, line ends and binary files stay', async (t) => {
  const latin = Buffer.from(
    '# -*- coding: latin-1 -*-\r\n# \xb5\r\nclass Old:\r\n    x = Old\r\n',
    'latin1',
  );
  const picture = Buffer.from([0, 1, 0xff]);
  const { files } = renameDefinition(
    new Map([
      ['Old.py', latin],
      ['p.png', picture],
    ]),
    'Old',
    'New',
  );
  t.equal(
    Buffer.from(files.get('New.py') ?? []).toString('latin1'),
    '# -*- coding: latin-1 -*-\r\n# \xb5\r\nclass New:\r\n    x = New\r\n',
  );
  t.equal(files.get('p.png'), picture);
});

t.test('a new name that already has a meaning is refused', async (t) => {
  const text = 'import New\nclass Old: pass\n';
  const refused: [Record<string, string>, string, RegExp][] = [
    [{ 'Old.py': text }, 'New', /New already means something in Old\.py:1/],
    [
      { 'Old.py': 'class Old: pass\n', 'new.py': '' },
      'New',
      /Old\.py would become New\.py, which already exists/,
    ],
    [{ 'Old.py': 'class Old: pass\n' }, 'class', /Python keyword/],
  ];
  for (const [files, to, message] of refused) {
    t.throws(() => renameTexts(new Map(Object.entries(files)), 'Old', to), message);
    t.throws(() => renameTexts(new Map(Object.entries(files)), 'Old', to), {
      name: RenameError.name,
    });
  }
});
