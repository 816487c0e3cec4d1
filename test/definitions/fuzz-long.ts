/**
 * `node test/definitions/fuzz-long.ts [count] [seed]`: runs the fuzz test of hostile.test.ts, then the one of
 * instances.test.ts with a fifth as many definitions.
 */
import { NUMERIC, pythonWith } from '../helpers/python.ts';
import { exercise, hostileTexts } from './hostile.ts';
import { compareFrom } from './instances.ts';

const count = Number(process.argv[2] ?? 10_000);
const seed = Number(process.argv[3] ?? Date.now());
console.log(`${count} texts from seed ${seed}`);
let slowest = { time: 0, text: '' };
let done = 0;
for (const text of hostileTexts(seed)) {
  if (done++ >= count) break;
  const begun = performance.now();
  try {
    exercise(text);
  } catch (error) {
    console.error(`Text ${done}: ${JSON.stringify(text)}`);
    throw error;
  }
  const time = performance.now() - begun;
  if (time > slowest.time) slowest = { time, text };
}
console.log(`Slowest: ${slowest.time.toFixed(1)} ms ${JSON.stringify(slowest.text.slice(0, 200))}`);

const python = await pythonWith(NUMERIC);
for (let at = 0; at < count / 5; at += 500) {
  const { differences, made, known, all } = compareFrom(
    seed + at,
    Math.min(500, count / 5 - at),
    python,
  );
  console.log(`From seed ${seed + at}: ${made} instances, ${known} of ${all} values known`);
  for (const one of differences) console.error(JSON.stringify(one, null, 1));
  if (differences.length > 0) process.exit(1);
}
