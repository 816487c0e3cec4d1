/**
 * Measures the memory of the serving process (VmRSS, without the database server), and runs the work that may raise it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { memoryOf, type Served } from '../lab/served.ts';
import type { Figure } from '../pairs.ts';
import { compare, type Pair } from '../statistics.ts';
import type { Database } from './databases.ts';
import type { Loaded } from './definition.ts';
import { type Replayed, stepFor } from './exchange.ts';
import { helper, tell } from './helpers.ts';
import { basic, record } from './rows.ts';

/** Upper limits in MB. */
const LIMITS = { PostgreSQL: 250, PGlite: 400 };

/** The long work: rounds of polls and saves. */
export interface LongWork {
  turns: number;
  polls: number;
  saves: number;
  clients: number;
}

/** Returns functions that measure memory. Each figure is compared with the memory at the time of this call. */
export async function memoryFigures(
  stack: AsyncDisposableStack,
  database: Database,
  { memory }: Served,
) {
  const rest = await steady(memory);
  const bare = helper(stack, 'floor.ts');
  await tell(bare, []);
  const figure = (when: string, floor: string, pair: Pair): Figure => ({
    name: `memory ${when} (${database})`,
    floor,
    unit: 'MB',
    limit: LIMITS[database],
    ...compare([pair]),
  });
  return {
    atRest: figure('at rest', 'bare Node', { ours: rest, floor: await memoryOf(bare.pid).now() }),
    after: async (what: string) =>
      figure(`after ${what}`, 'the same server at rest', { ours: await memory.now(), floor: rest }),
  };
}

/**
 * Reads the memory once it is steady. In the first seconds V8 compiles the embedded database's code, which takes up to
 * 600 MB that V8 gives back.
 */
async function steady(memory: { now(): Promise<number> }): Promise<number> {
  for (let before = await memory.now(); ; ) {
    await pause(1000);
    const now = await memory.now();
    if (now > 0.98 * before && now < 1.02 * before) return now;
    before = now;
  }
}

/** Polls and saves repeatedly. Returns a description of the work for the figure's name. */
export async function workLong(
  stack: AsyncDisposableStack,
  folder: string,
  served: Served,
  loaded: Loaded,
  { turns, polls, saves, clients }: LongWork,
): Promise<string> {
  const generator = helper(stack, 'replay.ts');
  const port = Number(new URL(served.url).port);
  const user = basic('bench', served.token);
  for (let turn = 0; turn < turns; turn++) {
    // The requests are recorded again, because a save changes the answers.
    const { poll } = await record(folder, served.url, loaded.path, user);
    const scripts = [poll.map((one) => stepFor(one, port, user))];
    const order = { port, scripts, clients, keepAlive: true, seconds: 0, atLeast: polls };
    await tell<Replayed>(generator, order);
    for (let i = 0; i < saves; i++) await loaded.save(served.client);
    await served.emptyLog();
    process.stderr.write(`  turn ${turn + 1}: ${Math.round(await served.memory.now())} MB\n`);
  }
  return `${turns * polls} polls, ${turns * saves} saves`;
}
