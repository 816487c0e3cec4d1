/** Tests merges of trees and texts, and how the position of a line follows changes. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { lineMap, mapLine } from '../../registry/definitions/lines.ts';
import { changesKey, changesOf, mergeTrees, type Tree } from '../../registry/definitions/merge.ts';
import { mergeText } from '../../registry/definitions/merge-text.ts';
import { processorTime } from '../helpers/processor-time.ts';

const trees = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', 'd/e'), fc.constantFrom('1', '2', '3'))
  .map((entries): Tree => new Map(Object.entries(entries)));
/** Texts of few distinct lines, so that conflicts are frequent. The last line may lack a line feed. */
const texts = fc.string({ unit: fc.constantFrom('a\n', 'b\n', 'c\r\n', '\n', 'a'), maxLength: 9 });

const check = (property: Parameters<typeof fc.assert>[0]) => fc.assert(property, { numRuns: 500 });

function layOver(main: Tree, changes: ReadonlyMap<string, string | null>): string {
  const tree = new Map<string, string | null>([...main, ...changes]);
  return JSON.stringify([...tree].filter(([, entry]) => entry !== null).sort());
}
const plain = (tree: Tree) => layOver(tree, new Map());

t.test('trees: changes of one side are taken, changes of both sides are reported', async (t) => {
  check(
    fc.property(trees, trees, trees, (base, head, main) => {
      const { changes, conflicts } = mergeTrees(base, head, main);
      for (const path of new Set([...base.keys(), ...head.keys(), ...main.keys()])) {
        const [was, is, now] = [base, head, main].map((tree) => tree.get(path) ?? null);
        const both = was !== is && was !== now && is !== now;
        if (conflicts.includes(path) !== both) return false;
        const result = changes.has(path) ? changes.get(path) : now;
        if (!both && result !== (was === is ? now : is)) return false;
      }
      const symmetric = mergeTrees(base, main, head).conflicts;
      return JSON.stringify(conflicts) === JSON.stringify(symmetric);
    }),
  );
  check(
    fc.property(trees, trees, (base, head) => {
      const onto = mergeTrees(base, head, base);
      return onto.conflicts.length === 0 && layOver(base, onto.changes) === plain(head);
    }),
  );
  t.pass('held');
});

t.test('a rebase keeps the key of the changes; any other change gives another key', async (t) => {
  check(
    fc.property(trees, trees, fc.string(), (base, head, other) => {
      const key = changesKey(changesOf(base, head));
      const rebased = [base, head].map((tree): Tree => new Map([...tree, ['unrelated', other]]));
      const [newBase, newHead] = rebased as [Tree, Tree];
      if (changesKey(changesOf(newBase, newHead)) !== key) return false;
      return changesKey(changesOf(base, new Map([...head, ['more', '1']]))) !== key;
    }),
  );
  const indented = changesOf(new Map([['a', '1']]), new Map([['a', '2']]));
  t.not(changesKey(indented), changesKey([]), 'a blob with other white space is another blob');
});

t.test(
  'texts: one side, both sides equal, and conflicts that do not depend on the side',
  async (t) => {
    check(
      fc.property(texts, texts, texts, (base, ours, theirs) => {
        const same = (result: object, text: string) => 'text' in result && result.text === text;
        if (!same(mergeText(base, ours, base), ours)) return false;
        if (!same(mergeText(base, base, theirs), theirs)) return false;
        if (!same(mergeText(base, ours, ours), ours)) return false;
        const [one, other] = [mergeText(base, ours, theirs), mergeText(base, theirs, ours)];
        if ('text' in one) return same(other, one.text);
        const most = Math.max(1, ours.match(/[^\n]*\n|[^\n]+$/g)?.length ?? 0);
        return (
          'conflicts' in other &&
          one.conflicts.length === other.conflicts.length &&
          one.conflicts.every(
            ({ line, end_line }) => line >= 1 && line <= end_line && end_line <= most,
          )
        );
      }),
    );
    t.pass('held');
  },
);

t.test('a conflict gives the lines of the branch, and line ends stay', async (t) => {
  const base = 'a\r\nb\r\nc\r\nd\r\ne';
  t.same(mergeText(base, 'A\r\nb\r\nc\r\nd\r\ne', 'a\r\nb\r\nc\r\nd\r\nE'), {
    text: 'A\r\nb\r\nc\r\nd\r\nE',
  });
  t.same(mergeText(base, 'a\r\nb\r\nx\r\ny\r\nd\r\ne', 'a\r\nb\r\nz\r\nd\r\ne'), {
    conflicts: [{ line: 3, end_line: 4 }],
  });
  t.same(mergeText('a\nb\n', 'a\n', 'a\nB\n'), { conflicts: [{ line: 1, end_line: 1 }] });
});

/** Blocks of distinct lines. An unchanged line (`stays`) comes after deleted lines and new lines. */
const edits = fc.array(fc.record({ stays: fc.boolean(), gone: fc.nat(2), fresh: fc.nat(2) }), {
  minLength: 1,
  maxLength: 30,
});

t.test('a line that stays is followed, and a removed one is outdated', async (t) => {
  check(
    fc.property(edits, (blocks) => {
      const before: string[] = [];
      const after: string[] = [];
      for (const [i, { stays, gone, fresh }] of blocks.entries()) {
        for (let k = 0; k < gone; k += 1) before.push(`gone ${i} ${k}`);
        for (let k = 0; k < fresh; k += 1) after.push(`fresh ${i} ${k}`);
        if (stays) for (const side of [before, after]) side.push(`line ${i}`);
      }
      const joinLines = (lines: string[]) => lines.map((line) => `${line}\n`).join('');
      const map = lineMap(joinLines(before), joinLines(after));
      return before.every((line, i) => {
        const at = after.indexOf(line);
        return mapLine(map, i + 1) === (at < 0 ? null : at + 1);
      });
    }),
  );
  t.pass('held');
});

t.test('for any texts, a followed line has the same content at its shifted place', async (t) => {
  const split = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  check(
    fc.property(texts, texts, fc.nat(5), (before, after, k) => {
      const map = lineMap(before, after);
      const shifted = lineMap(before, 'new\n'.repeat(k) + before);
      return split(before).every((line, i) => {
        const at = mapLine(map, i + 1);
        const follows = at === null || split(after)[at - 1] === line;
        return follows && mapLine(shifted, i + 1) === i + 1 + k;
      });
    }),
  );
  t.pass('held');
});

/** Two files of the maximum size of a push, with little or nothing in common. */
t.test('hostile texts of 1 MiB end quickly as outdated or as a conflict', async (t) => {
  const short = () =>
    randomBytes(2 ** 19)
      .toString('latin1')
      .replace(/[^\n]/g, 'x')
      .slice(0, 2 ** 19);
  const bits = () =>
    Array.from(randomBytes(2 ** 19), (byte) => (byte & 1 ? 'a\n' : 'b\n')).join('');
  const unlike = (word: string) =>
    Array.from({ length: 90_000 }, (_, i) => `${word}${i}\n`).join('');
  for (const [name, one, other] of [
    ['two letters at random', bits(), bits()],
    ['nothing in common', unlike('a'), unlike('b')],
    ['long lines', short(), short()],
  ] as const) {
    const took = processorTime(() => {
      lineMap(one, other);
      const merged = mergeText(one, other, `${one}more\n`);
      t.ok('text' in merged || merged.conflicts.length > 0);
    });
    t.comment(`${name}: ${Math.round(took)} ms`);
    t.ok(took < 5_000, `${name} took ${Math.round(took)} ms`);
  }
});
