/** Measures what slows down as definitions are added: compares a registry with many definitions to one with few. */
import type { ChildProcess } from 'node:child_process';
import { copyName } from './growth/copies.ts';
import { Grown } from './growth/grown.ts';
import type { Row } from './growth/row.ts';
import { upkeepRows } from './growth/upkeep.ts';
import { type Database, onDatabases } from './load/databases.ts';
import { type Replayed, type Step, stepFor } from './load/exchange.ts';
import { helper, tell } from './load/helpers.ts';
import { basic, type Recordings, record } from './load/rows.ts';
import { type Figure, inTurn, type Measure, timed } from './pairs.ts';
import { type Comparison, compare } from './statistics.ts';

export interface GrowthSize {
  databases: Database[];
  /** Which rows: requests, or work on the whole registry. */
  rows: ('requests' | 'upkeep')[];
  /** The small registry has `few` definitions. The large registry grows to each number in `many`. */
  few: number;
  many: number[];
  rounds: number;
  starts: number;
  clients: number;
  /** The number of different definitions that each client polls (`polled`) or clones (`cloned`). */
  polled: number;
  cloned: number;
  seconds: number;
}

export const measureGrowth = (size: GrowthSize): Promise<Figure[]> => onDatabases(size, measureOn);

async function measureOn(
  stack: AsyncDisposableStack,
  database: Database,
  size: GrowthSize,
): Promise<Figure[]> {
  const large = await Grown.open(stack, database);
  // The short form needs only one registry.
  const small = size.many.includes(size.few) ? large : await Grown.open(stack, database);
  if (small !== large) await small.grow(size.few);
  const rows = [
    ...(size.rows.includes('requests') ? requestRows(helper(stack, 'replay.ts'), size) : []),
    ...(size.rows.includes('upkeep') ? upkeepRows(size.rounds) : []),
  ];
  const figures: Figure[] = [];
  for (const definitions of size.many) {
    await large.grow(definitions);
    for (const { what, rounds, prepare, unit = 'ms', of, most = definitions } of rows) {
      const name = `${what}, ${definitions} definitions (${database})`;
      if (definitions > most) {
        process.stderr.write(`  ${name}: takes too long\n`);
        continue;
      }
      const ours = await prepare(large);
      const compared =
        small === large ? await once(ours) : await inTurn(rounds, ours, await prepare(small));
      process.stderr.write(`  ${name}: ${compared.ratio.median.toFixed(2)}\n`);
      figures.push({
        name,
        floor: `${size.few} definitions`,
        unit,
        ...(of && { of }),
        goal: 1.5,
        growth: { what: `${what} (${database})`, definitions },
        ...compared,
      });
    }
  }
  return figures;
}

/** The short form only shows that the measurement works. */
async function once(measure: Measure): Promise<Comparison> {
  const ours = await measure(0);
  return compare([{ ours, floor: ours }]);
}

function requestRows(generator: ChildProcess, size: GrowthSize): Row[] {
  const { rounds, starts, polled, cloned } = size;
  return [
    { what: 'start', rounds: starts, prepare: async (grown) => () => grown.restart() },
    { what: 'memory at rest', rounds: 0, prepare: readMemory, unit: 'MB' },
    { what: 'unchanged poll', rounds, prepare: replaying(generator, size, 'poll', polled), of: 1 },
    { what: 'clone', rounds, prepare: replaying(generator, size, 'clone', cloned), of: 1 },
    { what: 'save', rounds, prepare: savesOf },
    { what: 'page of a definition', rounds, prepare: pagesOf, of: IN_A_ROW },
    { what: 'list of definitions', rounds, prepare: listsOf, of: IN_A_ROW },
  ];
}

/** Requests per measurement, because a single request is shorter than the clock's resolution. */
const IN_A_ROW = 10;

async function readMemory({ served }: Grown): Promise<Measure> {
  return () => served.memory.now();
}

async function savesOf({ saved, served }: Grown): Promise<Measure> {
  return () => timed(() => saved.save(served.client));
}

async function pagesOf({ copies, served }: Grown): Promise<Measure> {
  const { definitions } = served.client;
  return (round) => {
    const nth = (i: number) => ((round * IN_A_ROW + i) % copies) + 1;
    return inARow((i) => definitions.byName(copyName(nth(i))));
  };
}

async function listsOf({ served }: Grown): Promise<Measure> {
  return () => inARow(() => served.client.definitions.list({ per_page: 50 }));
}

function inARow(ask: (i: number) => Promise<unknown>): Promise<number> {
  return timed(async () => {
    for (let i = 0; i < IN_A_ROW; i++) await ask(i);
  });
}

/** Measures milliseconds per poll or clone. Each client asks for `each` different definitions in turn. */
function replaying(
  generator: ChildProcess,
  { clients, seconds }: GrowthSize,
  requests: keyof Recordings,
  each: number,
): Row['prepare'] {
  return async ({ folder, served, original, copies }) => {
    const user = basic('bench', served.token);
    const recorded = await record(folder, served.url, original.path, user);
    const port = Number(new URL(served.url).port);
    const stepsOf = (n: number): Step[] =>
      recorded[requests].map((exchange) => {
        const url = exchange.url.replace(original.path, `/definitions/${copyName(n)}.git`);
        return stepFor({ ...exchange, url }, port, user);
      });
    const scripts = Array.from({ length: clients }, (_, client) =>
      Array.from({ length: each }, (_, i) => stepsOf(((client * each + i) % copies) + 1)).flat(),
    );
    const order = { port, scripts, clients, keepAlive: true, seconds };
    return async () => {
      const { perSecond } = await tell<Replayed>(generator, order);
      await served.emptyLog();
      return 1000 / (perSecond * each);
    };
  };
}
