/** Memory of the process that serves: at rest, after work, and after long work. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryOf, type Served, serve, startFirst } from './lab/served.ts';
import { createLoaded, type Loaded } from './load/definition.ts';
import { type Replayed, stepFor } from './load/exchange.ts';
import { disposing, helper, tell } from './load/helpers.ts';
import { basic, record } from './load/rows.ts';
import { type Database, settingsOf } from './load.ts';
import type { Figure } from './pairs.ts';
import { compare, type Pair } from './statistics.ts';

export interface MemorySize {
  databases: Database[];
  /** Saves after the validation. */
  saves: number;
  /** Turns of polls, then saves. */
  long: { turns: number; polls: number; saves: number; clients: number };
}

/** Upper limits in MB. */
const LIMITS = { PostgreSQL: 250, PGlite: 400 };

export async function measureMemory(size: MemorySize): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const database of size.databases) {
    figures.push(...(await disposing((stack) => measureOn(stack, database, size))));
  }
  return figures;
}

async function measureOn(
  stack: AsyncDisposableStack,
  database: Database,
  { saves, long }: MemorySize,
): Promise<Figure[]> {
  const settings = await settingsOf(stack, database);
  const folder = await mkdtemp(join(tmpdir(), 'bench-memory-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await startFirst(folder, settings);
  const served = await serve(folder, settings);
  stack.defer(() => served.close());

  const rest = await served.memory.now();
  const figure = (when: string, pair: Pair, floor = 'the same server at rest'): Figure => ({
    name: `memory ${when} (${database})`,
    floor,
    unit: 'MB',
    limit: LIMITS[database],
    ...compare([pair]),
  });
  const after = async (what: string) =>
    figure(`after ${what}`, { ours: await served.memory.now(), floor: rest });

  const bare = helper(stack, 'floor.ts');
  await tell(bare, []);
  const floor = await memoryOf(bare.pid).now();
  const figures = [figure('at rest', { ours: rest, floor }, 'bare Node')];
  const loaded = await createLoaded(served);
  await loaded.validate();
  figures.push(await after('a validation'));
  for (let i = 0; i < saves; i++) await loaded.save();
  figures.push(await after(`${saves} saves`));
  await workLong(stack, folder, served, loaded, long);
  figures.push(await after(`${long.turns * long.polls} polls, ${long.turns * long.saves} saves`));
  return figures;
}

async function workLong(
  stack: AsyncDisposableStack,
  folder: string,
  served: Served,
  loaded: Loaded,
  { turns, polls, saves, clients }: MemorySize['long'],
): Promise<void> {
  const generator = helper(stack, 'replay.ts');
  const port = Number(new URL(served.url).port);
  const user = basic('bench', served.token);
  for (let turn = 0; turn < turns; turn++) {
    // Recorded again, because a save changes the answers.
    const { poll } = await record(folder, served.url, loaded.path, user);
    const scripts = [poll.map((one) => stepFor(one, port, user))];
    const order = { port, scripts, clients, keepAlive: true, seconds: 0, atLeast: polls };
    await tell<Replayed>(generator, order);
    for (let i = 0; i < saves; i++) await loaded.save();
    await served.emptyLog();
    process.stderr.write(`  turn ${turn + 1}: ${Math.round(await served.memory.now())} MB\n`);
  }
}
