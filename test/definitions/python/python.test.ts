import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  oldestAllowed,
  oldestFor,
  oldestPython,
} from '../../../registry/definitions/python/versions.ts';
import { decodeSource } from '../../../registry/definitions/source.ts';
import { parseModule } from '../../../registry/definitions/syntax.ts';
import { verdictOf } from '../../../registry/definitions/verdict.ts';
import { disagreement, wrongPlace } from './compare.ts';
import { layouts } from './layouts.ts';
import { mutants } from './mutants.ts';
import { newest, onMachine, snippetsOf } from './pythons.ts';
import { linesOf, skeletonOf } from './skeleton.ts';

const cpython = await newest();
const machine = onMachine('python3');
const builtin = new URL('../../../registry/builtin/', import.meta.url);
const programs = readdirSync(builtin, { encoding: 'utf8', recursive: true })
  .filter((path) => path.endsWith('.py'))
  .map((path) => readFileSync(new URL(path, builtin)));
const snippets = machine === null ? [] : snippetsOf(machine);
const skip = snippets.length === 0 && 'the python3 of this machine has no package test';

t.test(
  "every snippet of CPython's tests is valid exactly if compile() accepts it",
  { skip },
  async (t) => {
    const verdicts = cpython.verdicts(snippets);
    let refused = 0;
    for (const [at, bytes] of snippets.entries()) {
      const verdict = verdicts[at];
      if (verdict?.[0] === 'invalid') refused++;
      const found = verdict && (disagreement(bytes, verdict) ?? wrongPlace(bytes, verdict));
      if (found) t.fail(found);
    }
    t.ok(refused > 2000, `${refused} of ${snippets.length} are refused, each at its line`);
  },
);

t.test('mutated programs are valid exactly if compile() accepts them', async (t) => {
  const texts: string[] = [];
  const sources = programs.map((bytes) => bytes.toString());
  for (const text of mutants(sources, 20261130)) if (texts.push(text) === 600) break;
  const bytes = texts.map((text) => Buffer.from(text));
  const places: string[] = [];
  for (const [at, verdict] of cpython.verdicts(bytes).entries()) {
    const found = disagreement(bytes[at] as Buffer, verdict);
    if (found) t.fail(found);
    const place = wrongPlace(bytes[at] as Buffer, verdict);
    if (place) places.push(place);
  }
  t.ok(places.length <= 6, 'at most one in a hundred differs in its line from CPython', { places });
});

t.test('unusual layouts have the same tree as in CPython', async (t) => {
  const sources = layouts(programs.slice(0, 2).map((bytes) => bytes.toString()));
  const seen = cpython.skeletons(sources.map(([, text]) => Buffer.from(text)));
  for (const [at, [name, text]] of sources.entries())
    t.same(skeletonOf(text), linesOf(seen[at] ?? []), name);
});

t.test('patterns and arguments have the same tree as in CPython', async (t) => {
  const cases = [
    'a.b',
    'a.b.c',
    '-1',
    '1 + 2j',
    '-1 - 2j',
    '{-1: x}',
    'a.B(x, y=-2)',
    '-1 | [a.b]',
  ];
  const texts = [
    ...cases.map((pattern) => `match x:\n    case ${pattern}:\n        pass\n`),
    'f(a := 1, (b := 2), c=3)\n',
    'f(x, a := [b := 1], *y)[c := 2]\n',
    'class A(B := C, metaclass=M): pass\n',
  ];
  const seen = cpython.skeletons(texts.map((text) => Buffer.from(text)));
  for (const [at, text] of texts.entries())
    t.strictSame(skeletonOf(text), linesOf(seen[at] ?? []), text);
});

t.test("CPython's own snippets have the same tree as in CPython", { skip }, async (t) => {
  const seen = cpython.skeletons(snippets);
  let compared = 0;
  for (const [at, bytes] of snippets.entries()) {
    const theirs = seen[at];
    if (!theirs) continue;
    const { text } = decodeSource(bytes);
    if (parseModule(text).fault) continue;
    compared++;
    t.strictSame(skeletonOf(text), linesOf(theirs), JSON.stringify(text.slice(0, 300)));
  }
  t.ok(compared > 1000, `${compared} compared`);
});

t.test('real files have the same tree as in CPython', async (t) => {
  const folder = machine?.folder;
  const library =
    folder === undefined ? [] : readdirSync(folder).filter((path) => path.endsWith('.py'));
  const chosen = library
    .filter((_, at) => at % 12 === 0)
    .map((path) => readFileSync(join(folder ?? '', path)));
  const files = [...programs, ...chosen];
  const seen = cpython.skeletons(files);
  for (const [at, bytes] of files.entries())
    t.same(skeletonOf(decodeSource(bytes).text), linesOf(seen[at] ?? []));
});

t.test(
  'syntax that an older Python cannot read is marked with the version that it needs',
  { skip },
  async (t) => {
    const valid = cpython
      .verdicts(snippets)
      .flatMap(([kind], at) => (kind === 'valid' ? [at] : []));
    const sources = valid.map((at) => snippets[at] as Uint8Array);
    const minor = Number(machine?.version.split('.')[1]);
    const differ: string[] = [];
    for (const [at, [kind, , , message]] of (machine?.verdicts(sources) ?? []).entries()) {
      const text = Buffer.from(sources[at] as Uint8Array).toString();
      const oldest = oldestFor(parseModule(text).features);
      if (oldest <= minor !== (kind === 'valid')) differ.push(`3.${oldest}, ${message}: ${text}`);
    }
    // The allowance covers checks that Python added or removed without new syntax, such as checks of `nonlocal` and of
    // annotations in classes.
    t.ok(differ.length <= valid.length / 200, `${differ.length} of ${valid.length}`, { differ });
  },
);

t.test('the oldest Python for a text and for a requirement', async (t) => {
  const texts: [string, number][] = [
    ['x = 1\n', 8],
    ['@a[0].b\ndef f(): pass\n', 9],
    ['match x:\n  case 1: pass\n', 10],
    ['try: pass\nexcept* E: pass\n', 11],
    ['type N = int\n', 12],
    ["x = f'{'a'}'\n", 12],
    ['class A[T = int]: pass\n', 13],
    ['try: pass\nexcept A, B: pass\n', 14],
    ["x = t'{a}'\n", 14],
  ];
  for (const [text, minor] of texts) t.equal(oldestPython(text), minor, text);
  const requirements: [string | undefined, number][] = [
    [undefined, 11],
    ['>=3.9', 9],
    ['>=3.12,<4', 12],
    ['~=3.10', 10],
    ['==3.13.*', 13],
    ['>3.11', 11],
    ['>=3.11.4', 11],
    ['not a specifier', 11],
  ];
  for (const [specifier, minor] of requirements)
    t.equal(oldestAllowed(specifier), minor, specifier ?? 'none');
});

t.test('return in a finally block causes CPython’s warning', async (t) => {
  const text = 'def f():\n  for a in b:\n    try: pass\n    finally:\n      return 1\n';
  const [, , , , warnings] = cpython.verdicts([Buffer.from(text)])[0] ?? [];
  const found = verdictOf(parseModule(text)).warnings.map(({ line, message }) => [
    line,
    `SyntaxWarning: ${message}`,
  ]);
  t.same(found, warnings);
});
