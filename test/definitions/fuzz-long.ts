/** `node test/definitions/fuzz-long.ts [count] [seed]`: the fuzz of hostile.test.ts for as long as one likes. */
import { exercise, hostileTexts } from './hostile.ts';

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
