import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { decodeSource, positions } from '../../registry/definitions/source.ts';
import {
  type Node,
  parseModule,
  readImport,
  type Statement,
  textOf,
  walk,
} from '../../registry/definitions/syntax.ts';
import { analyse } from './analyse.ts';
import { askCpython, type Seen } from './cpython.ts';

const SHAPES: Record<string, string | Uint8Array> = {
  tabs: 'class A(B):\n\tdef f(self):\n\t\timport os\n\n\tdef g(self):\n\t\tpass\n',
  crlf: 'import a\r\nclass A(B):\r\n    data_columns = ["X"]\r\n',
  'line ends of old Macs': 'import a\rclass A(B):\r    def f(self): pass\r',
  'byte order mark': '\ufeffimport a\nclass A(B): pass\n',
  'byte order mark and CRLF': '\ufeffclass A(B):\r\n  x = 1\r\n',
  astral: 'x = "😀"; import a\nclass A(B): data_columns = ["😀µ"]\nx = "µ"; from b import c\n',
  'names beyond ASCII': 'class Größe(µ.Basis):\n    def länge(self): pass\n',
  decorators: '@a\n@b.c(1)\nclass A(B):\n    @property\n    def f(self): pass\n',
  'several classes': 'class A: pass\nclass B(A): pass\nclass C(A, B, metaclass=M): pass\n',
  nested:
    'class A(B):\n    class C(D):\n        class E: pass\n    def f(self):\n        class G(A): pass\n',
  aliases:
    'import a as b, c.d, e.f as g\nfrom h import i as j, k\nfrom . import l\nfrom ..m.n import *\n',
  'attribute bases': 'class A(a.b.C, D[int], e(1).F): pass\nclass G(a . b, (C)): pass\n',
  'imports in brackets': 'from a import (\n    b,  # one\n    c as d,\n)\n',
  'a string of several lines':
    'class A(B):\n    """Doc\n  class X: pass\n\timport y\n"""\n    data_columns = ["""a\nb"""]\n',
  continuations: 'import a, \\\n    b\nclass \\\n  A(B,\n    C): pass\nx = 1; \\\nimport d\n',
  'form feeds': 'import a\n\f\nclass A(B): pass\n\fclass C(A): pass\n',
  'no line feed at the end': 'class A(B):\n    import a',
  'one line': 'class A(B): import a; import b; data_columns = ["X"]\n',
  asynchronous: 'async def f(): pass\nclass A(B):\n    @a\n    async def g(self): pass\n',
  branches:
    'if a:\n    import b\nelse:\n    import c\ntry:\n    import d\nexcept E:\n    import e\nfinally:\n    import f\nfor g in h:\n    class I(J): pass\nelse:\n    def k(): pass\nwith l: import m\nwhile n: import o\n',
  comments:
    '# -*- coding: utf-8 -*-\nclass A(B):  # class X(Y)\n# import z\n    data_columns = [  # a\n        "X",\n    ]\n',
  strings: `class A(B):\n    data_columns = ['a' "b", 'c\\n\\x41\\u00b5\\101\\q', r'\\n', u'd', 'e\\\nf']\n`,
  numbers: 'class A(B):\n    a = [0x1F, 0o17, 0b11, 1_000, 1e3, .5, -2, 5.]\n',
  'latin-1': Buffer.from(
    '# coding: latin-1\nx = "\xb5\xe9"; import a\nclass A(B): data_units = ["\xb5V"]\n',
    'latin1',
  ),
};

/** The attributes that are compared if both CPython and the registry know their values. */
const ATTRIBUTES = ['data_columns', 'data_units', 'position_column', 'position_units'] as const;

const builtin = new URL('../../registry/builtin/', import.meta.url);
const files = new Map<string, Uint8Array>([
  ...Object.entries(SHAPES).map(
    ([name, source]) =>
      [name, typeof source === 'string' ? new TextEncoder().encode(source) : source] as const,
  ),
  ...readdirSync(builtin, { encoding: 'utf8', recursive: true })
    .filter((path) => path.endsWith('.py'))
    .map((path) => [path, readFileSync(new URL(path, builtin))] as const),
]);
const answers = askCpython([...files.values()]);
const skip = answers === null && 'no python3 of version 3.9 or later';

/**
 * Classes, functions and imports as our parser sees them. Decorators come before the class or function that they
 * decorate.
 */
function survey(text: string): Seen[] {
  const { root } = parseModule(text);
  const places = positions(text);
  const statements = new Map<Node, Statement>();
  const note = (found: readonly Statement[]): void => {
    for (const one of found) {
      statements.set(one.node, one);
      if (one.kind === 'class' || one.kind === 'function') note(one.body);
      if (one.kind === 'block') one.bodies.forEach(note);
    }
  };
  note(parseModule(text).statements);
  const seen: Seen[] = [];
  walk(root, (node) => {
    const { line, column } = places.at(definitionOf(node).from);
    const statement = statements.get(node);
    if (statement?.kind === 'class')
      seen.push([
        'class',
        statement.name,
        line,
        column,
        statement.bases.map((one) => textOf(one, text)),
      ]);
    if (statement?.kind === 'function') seen.push(['function', statement.name, line, column, []]);
    if (node.type === 'ImportStatement') {
      const { module, level, names } = readImport(node, text);
      const shown = names.map((one) => `${one.name} as ${one.bound}`);
      seen.push(['import', '.'.repeat(level) + (module ?? ''), line, column, shown]);
    }
    return true;
  });
  return seen;
}

/** CPython reports the position of `class` or `def`, not that of the decorators above it. */
function definitionOf(node: Node): Node {
  return node.type === 'DecoratedStatement' ? (node.children.at(-1) ?? node) : node;
}

t.test(
  'classes, functions and imports have the positions that CPython reports',
  { skip },
  async (t) => {
    for (const [at, [name, bytes]] of [...files].entries()) {
      const answer = answers?.[at];
      t.equal(answer?.error, null, `${name} is Python`);
      const mine = survey(decodeSource(bytes).text).map(plain);
      t.same(mine, answer?.seen.map(plain), name);
    }
  },
);

/** CPython omits the parentheses of a base such as `(C)`, and reports its line ends as `\n`. */
function plain([what, name, line, column, detail]: Seen): Seen {
  const shown = detail.map((one) => one.replace(/^\((.*)\)$/, '$1'));
  return [what, name, line, column, shown];
}

t.test('constants have the values that CPython computes', { skip }, async (t) => {
  let compared = 0;
  for (const [at, [name, bytes]] of [...files].entries()) {
    const { text } = decodeSource(bytes);
    const { seen = [], constants = {} } = answers?.[at] ?? {};
    for (const [what, className] of seen) {
      const info = what === 'class' ? analyse(text, className) : null;
      if (!info) continue;
      for (const attribute of ATTRIBUTES) {
        const expected = constants[`${className}.${attribute}`];
        // The value is unknown, because a constructor in another file may have changed it.
        if (expected === undefined || info[attribute] === null) continue;
        compared++;
        t.same(info[attribute], expected, `${name}: ${className}.${attribute}`);
      }
    }
  }
  t.ok(compared > 30, `${compared} values`);
});
