import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { MOST_MEMORY } from '../../bench/large-import.ts';
import type { Figure } from '../../bench/pairs.ts';
import { compare, quantile } from '../../bench/statistics.ts';

const RUN = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));

t.setTimeout(500_000);

t.test('the bench measures everything once and writes its results', async (t) => {
  const file = join(t.testdir(), 'results.json');
  const { stdout } = await promisify(execFile)(process.execPath, [
    RUN,
    '--quick',
    '--results',
    file,
  ]);
  const { figures } = JSON.parse(await readFile(file, 'utf8')) as { figures: Figure[] };
  for (const { name, floor, rounds, ratio, p50, p99, growth } of figures) {
    t.ok(rounds > 0, `${name}, beside ${floor}`);
    const numbers = [...Object.values(ratio), ...Object.values(p50), ...Object.values(p99)];
    t.ok(numbers.length === 7 && numbers.every((value) => value > 0 && Number.isFinite(value)));
    t.match(stdout, `| ${growth?.what ?? name}`, 'the table contains it');
  }
  const names = figures.map(({ name }) => name).join('\n');
  for (const wanted of [
    'start',
    'import',
    'save',
    'clone',
    'push',
    'review',
    'landing',
    'page',
    'search',
    'list',
    'unchanged sync',
    'unchanged poll (',
    'unchanged poll, new connection',
    'unchanged poll, protocol v0',
    'clone of 19 KB',
    'shallow clone',
    'push of one commit',
    'longest stall during pushes',
    'memory at rest',
    'memory after a validation',
    'memory after 1 saves',
    'memory after 2 polls, 1 saves',
    'start, 2 definitions',
    'clone, 2 definitions',
    'save, 2 definitions',
    'PGlite',
  ]) {
    t.ok(names.includes(wanted), wanted);
  }
  t.match(names, 'PostgreSQL');
  const [memory] = figures.filter(({ name }) => name.startsWith('peak memory of an import'));
  t.ok(
    memory && memory.ratio.max <= 1,
    `an import takes at most ${MOST_MEMORY} MB: ${memory?.p50.ours}`,
  );
});

t.test('ratios are taken pair by pair, quantiles by nearest rank', async (t) => {
  const pairs = [
    { ours: 2, floor: 1 },
    { ours: 30, floor: 10 },
    { ours: 4, floor: 4 },
  ];
  t.match(compare(pairs), {
    rounds: 3,
    ratio: { min: 1, median: 2, max: 3 },
    p50: { ours: 4, floor: 4 },
    p99: { ours: 30, floor: 10 },
  });
  t.equal(quantile([3, 1, 2, 4], 0.5), 2);
  t.throws(() => quantile([], 0.5), RangeError);
});
