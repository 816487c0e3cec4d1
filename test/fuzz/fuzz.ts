/**
 * Sends hostile requests to a registry in its default configuration. Each case has its own seed, so one case can be run
 * again. A batch that stalls the event loop is repeated: other work on the machine stalls some batches, a slow code path
 * stalls them all.
 */
import type { Test } from 'tap';
import { idleLoop, longestStall } from '../helpers/loop.ts';
import type { DatabaseKind } from '../helpers/registry.ts';
import { type Crowd, crowd } from './connections.ts';
import { gitCase } from './git.ts';
import { httpCase } from './http.ts';
import { packCase } from './packs.ts';
import { type Random, randomOf } from './random.ts';
import { type Subject, startSubject } from './subject.ts';

type Case = (random: Random, subject: Subject) => Promise<string | undefined>;
export const CASES: Record<string, Case> = { git: gitCase, packs: packCase, http: httpCase };

const MOST_REPEATS = 8;

export interface Fuzzing {
  kind: DatabaseKind;
  seed: number;
  /** How many batches of each kind of case, or how long. */
  batches: number;
  /** How many cases a batch has. */
  size: number;
  /** Whether a batch fails that stalls the event loop each time it is repeated. */
  measuresStalls: boolean;
  seconds: number;
  targets: readonly string[];
  crowd?: Crowd;
}

export async function fuzz(t: Test, options: Fuzzing): Promise<void> {
  const { kind, seed, targets, seconds, size } = options;
  t.comment(`seed ${seed} on ${kind}`);
  const subject = await startSubject(t, kind);
  const memory: number[] = [];
  const until = performance.now() + seconds * 1000;
  let done = 0;
  for (let n = 0; n < options.batches && performance.now() < until; n += 1) {
    for (const target of targets) {
      const faults = await batch(subject, CASES[target] as Case, seed + n * size, options);
      done += size;
      t.same(faults, [], `${target} from seed ${seed + n * size}`);
    }
    memory.push(await memoryOf(subject.url));
  }
  const crowded: number[] = [];
  for (let round = 1; options.crowd && round <= options.crowd.rounds; round += 1) {
    t.same(await crowd(subject, options.crowd), [], `crowd ${round}`);
    crowded.push(await memoryOf(subject.url));
  }
  const shown = [...memory, ...crowded].map((bytes) => Math.round(bytes / 2 ** 20));
  t.comment(`${done} cases; memory in MiB: ${shown}`);
  const [middle = 0, last = 0] = [memory[memory.length >> 1], memory.at(-1)];
  // The caches fill during the first half.
  if (memory.length >= 8)
    t.ok(last < middle + 100 * 2 ** 20, 'the second half needs no more memory');
  const [, second = 0] = crowded;
  if (crowded.length >= 4)
    t.ok((crowded.at(-1) ?? 0) < second + 100 * 2 ** 20, 'later crowds need no more memory');
  t.same(subject.faults(), [], 'no fault in the log');
  t.same(await subject.workshop(), [], 'nothing is left');
  t.match(await subject.end(), { code: 0, sound: 0 }, 'it stops in order, and fsck finds nothing');
}

/** Runs the cases of a batch. Returns their faults, and whether the batch always stalls the event loop. */
async function batch(
  subject: Subject,
  run: Case,
  seed: number,
  { size, measuresStalls }: Fuzzing,
): Promise<string[]> {
  const stalls: string[] = [];
  for (let repeat = 0; repeat < MOST_REPEATS; repeat += 1) {
    await longestStall(subject.url);
    const idle = await idleLoop();
    const faults: string[] = [];
    for (let at = 0; at < size; at += 1) {
      const fault = await run(randomOf(seed + at), subject);
      if (fault !== undefined) faults.push(`seed ${seed + at}: ${fault}`);
    }
    const [stall, floor] = [await longestStall(subject.url), await idle()];
    if (faults.length > 0 || !measuresStalls) return faults;
    if (stall <= Math.max(20, 2 * floor)) return [];
    stalls.push(`${stall.toFixed(0)} ms (idle ${floor.toFixed(0)} ms)`);
  }
  return [`the event loop stalled in each of ${MOST_REPEATS} rounds: ${stalls.join(', ')}`];
}

async function memoryOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
}
