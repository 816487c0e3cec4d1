import t from 'tap';
import { progressLines } from '../../registry/cli/terminal.ts';

/** The lines printed for `total` items of work, if each item takes `each` milliseconds. */
function linesOf(total: number, each: number, labels = ['Importing']): string[] {
  const lines: string[] = [];
  let clock = 0;
  const progress = progressLines(
    (line) => lines.push(line),
    () => clock,
  );
  for (const label of labels)
    for (let done = 1; done <= total; done++) {
      clock += each;
      progress(done, total, label);
    }
  return lines;
}

t.test('without a terminal, fast work prints a line for each tenth', async (t) => {
  const tenths = Array.from({ length: 10 }, (_, i) => `Importing: ${100 * (i + 1)}/1000\n`);
  t.same(linesOf(1000, 1), tenths);
  t.same(linesOf(2, 1), ['Importing: 1/2\n', 'Importing: 2/2\n']);
});

t.test('slow work prints a line every ten seconds', async (t) => {
  const lines = linesOf(10_000, 50);
  t.equal(lines[0], 'Importing: 200/10000\n', 'the first one after ten seconds');
  t.equal(lines.at(-1), 'Importing: 10000/10000\n');
  t.equal(lines.length, 50, 'one line for each ten of the 500 seconds');
});

t.test('each kind of work starts its own count, even with the same label', async (t) => {
  const lines = linesOf(10, 1, ['Reading', 'Importing', 'Importing']);
  t.equal(lines.length, 30);
  t.same(
    lines.filter((line) => line.includes(': 1/')),
    ['Reading: 1/10\n', 'Importing: 1/10\n', 'Importing: 1/10\n'],
  );
});
