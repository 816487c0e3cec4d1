import { createTwoFilesPatch } from 'diff';
import fc from 'fast-check';
import t from 'tap';
import { beginningOf, type DiffPair, readDiff } from '../../web-components/elements/diff/lines.ts';

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom('', 'a', 'b', 'x = 1', 'x = 2', '-- sql', '++ x', '\tindented'),
      fc.string({ maxLength: 12 }),
    ),
    {
      maxLength: 30,
    },
  )
  .map((lines) => lines.map((line) => `${line.replace(/[\n\r]/g, ' ')}\n`).join(''));

const words = (line: DiffPair['old']) => line?.pieces.map(([piece]) => piece).join('');

t.test('both files can be reconstructed from a diff with full context', async (t) => {
  fc.assert(
    fc.property(text, text, (old, now) => {
      const patch = createTwoFilesPatch('a/f.py', 'b/f.py', old, now, '', '', { context: 1000 });
      const [file] = readDiff(patch);
      if (old === now) return;
      const pairs =
        file?.hunks.flatMap(({ sections }) => sections.flatMap(({ pairs }) => pairs)) ?? [];
      const side = (which: 'old' | 'new') =>
        pairs
          .flatMap((pair) => pair[which] ?? [])
          .sort((a, b) => a.number - b.number)
          .map((line) => `${words(line)}\n`)
          .join('');
      if (side('old') !== old || side('new') !== now) throw new Error(patch);
    }),
  );
  t.pass('for all tried files');
});

t.test('beginningOf returns the first pairs and the number of pairs left', async (t) => {
  const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`).join('\n');
  const [file] = readDiff(
    createTwoFilesPatch('a/f.py', 'b/f.py', lines, lines.replaceAll(/(line \d*5)$/gm, '$1!')),
  );
  const hunks = file?.hunks ?? [];
  const count = (some: typeof hunks) =>
    some.flatMap(({ sections }) => sections.flatMap(({ pairs }) => pairs)).length;
  const all = count(hunks);
  t.ok(hunks.length > 1);
  for (let most = 0; most <= all + 1; most += 1) {
    const { hunks: shown, left } = beginningOf(hunks, most);
    t.same([count(shown), left], [Math.min(most, all), Math.max(0, all - most)]);
  }
});

t.test('words are marked only between similar lines', async (t) => {
  const [file] = readDiff(createTwoFilesPatch('a/f', 'b/f', 'gain = 1\n', 'gain = 2\n'));
  const [pair] = file?.hunks[0]?.sections[0]?.pairs ?? [];
  t.same(pair?.old?.pieces, [
    ['gain = ', false],
    ['1', true],
  ]);
  const [other] = readDiff(createTwoFilesPatch('a/f', 'b/f', 'import os\n', 'pass\n'));
  t.ok(
    other?.hunks[0]?.sections[0]?.pairs.every(({ old, new: now }) =>
      [old, now].every((line) => line?.pieces.every(([, changed]) => !changed) ?? true),
    ),
  );
});

t.test('added, deleted, renamed and binary files have their status', async (t) => {
  const diff = `diff --git a/new.py b/new.py
new file mode 100644
index 0000000..7898192
--- /dev/null
+++ b/new.py
@@ -0,0 +1 @@
+a
diff --git a/gone.py b/gone.py
deleted file mode 100644
index 7898192..0000000
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-a
diff --git a/from.py b/to.py
similarity index 100%
rename from from.py
rename to to.py
diff --git a/x.bin b/x.bin
index 1..2 100644
Binary files a/x.bin and b/x.bin differ
`;
  t.match(readDiff(diff), [
    { path: 'new.py', status: 'added', added: 1 },
    { path: 'gone.py', status: 'deleted', removed: 1 },
    { path: 'to.py', oldPath: 'from.py', status: 'renamed', hunks: [] },
    { path: 'x.bin', isBinary: true },
  ]);
});
