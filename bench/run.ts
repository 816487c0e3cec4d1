/**
 * `npm run bench`: compares every figure with its own floor, measured alternately in the same run. Prints the table and
 * writes bench/results.json. `--quick` runs everything once to show that it works. `--only <parts>` measures some parts
 * (comma-separated) and keeps the other figures. `--results <file>` sets the output file.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startGitRunner } from '../test/helpers/git.ts';
import { type PostgresServer, startPostgres } from '../test/helpers/postgres-server.ts';
import { type GrowthSize, measureGrowth } from './growth.ts';
import { measureImport } from './import.ts';
import { measureLab } from './lab-computers.ts';
import { measureLargeImport } from './large-import.ts';
import { DATABASES } from './load/databases.ts';
import { type LoadSize, measureLoad } from './load.ts';
import { measureLoop } from './loop.ts';
import { measureObjects } from './objects.ts';
import type { Figure } from './pairs.ts';
import { type BenchRegistry, startRegistry } from './registry.ts';
import { measureReview } from './review.ts';
import { measureSave } from './save.ts';
import { measureSearch } from './search.ts';
import { measureStart } from './start.ts';
import { measureSync } from './sync.ts';
import { table } from './table.ts';
import { measureWire } from './wire.ts';

const GROWN = {
  databases: DATABASES,
  few: 100,
  many: [1000, 10_000, 50_000],
  rounds: 9,
  starts: 3,
  clients: 32,
  polled: 100,
  cloned: 4,
  seconds: 1,
};
const FULL = {
  starts: 5,
  imports: { rounds: 3, definitions: 20 },
  largeImports: { rounds: 1, few: 100, many: 10_000 },
  saves: 20,
  objects: 20,
  wire: 8,
  review: { rounds: 25, warm: 60 },
  search: { rounds: 100, rows: [10_000, 50_000] },
  lab: { definitions: 200, computers: 500, rounds: 3, updates: 7, landings: 30 },
  sync: { rounds: 40, definitions: 200 },
  load: {
    databases: DATABASES,
    restart: true,
    saves: 30,
    requests: { clients: 32, rounds: 5, seconds: 2, warm: 60, pushes: 25 },
  } as LoadSize,
  memory: {
    databases: DATABASES,
    restart: true,
    saves: 30,
    long: { turns: 10, polls: 100_000, saves: 100, clients: 32 },
  } as LoadSize,
  growth: { ...GROWN, rows: ['requests'] } as GrowthSize,
  upkeep: { ...GROWN, rows: ['upkeep'] } as GrowthSize,
};
/** Zero rounds: only the warm-up runs, and its figures count. */
const QUICK: typeof FULL = {
  starts: 0,
  imports: { rounds: 0, definitions: 2 },
  largeImports: { rounds: 1, few: 4, many: 60 },
  saves: 0,
  objects: 0,
  wire: 0,
  review: { rounds: 0, warm: 0 },
  search: { rounds: 0, rows: [20] },
  lab: { definitions: 3, computers: 8, rounds: 0, updates: 0, landings: 1 },
  sync: { rounds: 0, definitions: 3 },
  // The short form uses one server on one database, because starting a server takes longer than its measurements.
  load: {
    databases: ['PostgreSQL'],
    restart: false,
    saves: 1,
    requests: { clients: 2, rounds: 0, seconds: 0, warm: 0, pushes: 0 },
    long: { turns: 1, polls: 2, saves: 1, clients: 1 },
  },
  memory: { databases: [], restart: false, saves: 0 },
  growth: {
    databases: ['PostgreSQL'],
    rows: ['requests', 'upkeep'],
    few: 2,
    many: [2],
    rounds: 0,
    starts: 0,
    clients: 2,
    polled: 1,
    cloned: 1,
    seconds: 0,
  },
  // Above, with the same registry.
  upkeep: { ...GROWN, databases: [], rows: [] },
};

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    results: {
      type: 'string',
      default: fileURLToPath(new URL('./results.json', import.meta.url)),
    },
  },
});
const size = values.quick ? QUICK : FULL;
const measured: Figure[] = [];
startGitRunner();

/** Waits for a measurement and prints its progress. */
async function add(measuring: Promise<Figure[]>): Promise<void> {
  const found = await measuring;
  measured.push(...found);
  for (const { name, ratio } of found) {
    process.stderr.write(`${name}: ${ratio.median.toFixed(2)} times its floor\n`);
  }
}

/** The parts that use the embedded database in this process share one registry. */
let embedded: Promise<BenchRegistry> | undefined;
async function onEmbedded(work: (registry: BenchRegistry) => Promise<Figure[]>): Promise<void> {
  embedded ??= startRegistry();
  await add(work(await embedded));
}

/** The PostgreSQL server of the parts that use PostgreSQL. */
let postgres: Promise<PostgresServer> | undefined;
async function onServer(work: (server: PostgresServer) => Promise<void>): Promise<void> {
  postgres ??= startPostgres();
  await work(await postgres);
}

const parts: Record<string, () => Promise<void>> = {
  start: () => add(measureStart(size.starts)),
  objects: () => add(measureObjects(size.objects)),
  loop: () => add(measureLoop({ quick: values.quick })),
  lab: () => add(measureLab(size.lab)),
  load: () => add(measureLoad(size.load)),
  memory: () => add(measureLoad(size.memory)),
  growth: () => add(measureGrowth(size.growth)),
  upkeep: () => add(measureGrowth(size.upkeep)),
  async definitions() {
    await onEmbedded((registry) => measureImport(registry, size.imports));
    await onEmbedded((registry) => measureSave(registry, size.saves));
    await onEmbedded((registry) => measureWire(registry, size.wire));
  },
  review: () => onEmbedded((registry) => measureReview(registry, size.review)),
  sync: () => onEmbedded((registry) => measureSync(registry, 'PGlite', size.sync)),
  'large-import': () => onServer((server) => add(measureLargeImport(server, size.largeImports))),
  // These parts run last, because they add many definitions that would affect the other parts.
  search: () => onEmbedded((registry) => measureSearch(registry, 'PGlite', size.search)),
  postgres: () =>
    onServer(async (server) => {
      const registry = await startRegistry(server.url('postgres'));
      try {
        await add(measureSync(registry, 'PostgreSQL', size.sync));
        await add(measureSearch(registry, 'PostgreSQL', size.search));
      } finally {
        await registry.close();
      }
    }),
};

const chosen = values.only?.split(',') ?? Object.keys(parts);
for (const name of chosen) {
  const part = parts[name];
  if (!part) throw new Error(`no part ${name}; there are ${Object.keys(parts).join(', ')}`);
  await part();
}
await (await embedded)?.close();
await (await postgres)?.close();

const idOf = ({ name, floor }: Figure) => `${name} / ${floor}`;
const again = new Set(measured.map(idOf));
const before =
  values.only !== undefined && existsSync(values.results)
    ? (JSON.parse(await readFile(values.results, 'utf8')) as { figures: Figure[] }).figures
    : [];
const figures = [...before.filter((one) => !again.has(idOf(one))), ...measured];
const machine = `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? process.arch}`;
const results = { node: process.version, machine, figures };
await writeFile(values.results, `${JSON.stringify(results, null, 2)}\n`);
console.log(table(figures));
