/**
 * Runs every check and every test. The checks run first, and a failed check ends the run. After the checks, the tests
 * run, several at a time. The last line gives the totals as `N passed, N failed`. A check counts as one test.
 * `--checks` runs only the checks.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { leftOut } from './docs/pythons.ts';
import { chromium } from './helpers/chromium.ts';
import { migratedFolder } from './helpers/embedded-folders.ts';
import { makeMigratedDatabase, SHARED_SERVER, startPostgres } from './helpers/postgres-server.ts';
import {
  CLIENT,
  compileImports,
  DULWICH,
  NUMERIC,
  pythonWith,
  runsTheClient,
  SCHEMATHESIS,
} from './helpers/python.ts';
import { testFiles } from './run/files.ts';
import { BUILD, CHECKS, clientChecks, clientTests } from './run/jobs.ts';
import { type Ended, runInLanes } from './run/lanes.ts';
import { type Totals, totals } from './run/totals.ts';

/** One more than the number of processors, because tests sometimes wait. Each lane needs up to a gigabyte of memory. */
const LANES = Math.min(availableParallelism() + 1, 5);

const ROOT = join(import.meta.dirname, '..');
const checksOnly = process.argv.includes('--checks');
const asked = process.argv.slice(2).filter((argument) => argument !== '--checks');

// Downloads and unpacks the tests' programs during the checks, so that no test's time limit includes this.
const prepared = checksOnly ? undefined : prepare();
prepared?.catch(() => undefined);
const checks = await runInLanes(LANES, checksOnly ? CHECKS : [...CHECKS, BUILD]);
if (checksOnly || checks.some(({ code }) => code !== 0)) finish(checks);

const { python, postgres, runsClient } = await (prepared as ReturnType<typeof prepare>);
process.env[SHARED_SERVER] = String(postgres.port);
// Most test files load the same modules, so they share a compile cache.
process.env.NODE_COMPILE_CACHE = join(ROOT, 'node_modules', '.cache', 'compiled-tests');
const client = runsClient && asked.length === 0;
const tests = await runInLanes(LANES, [
  ...(client ? [clientTests(python), ...clientChecks(python)] : []),
  ...testFiles(asked),
]);
await postgres.close();
if (asked.length === 0) console.log(await leftOutOf(python, client));
finish([...checks, ...tests]);

/** Installs the Python packages, the browser and the database server that the tests use. */
async function prepare() {
  const [[python, runsClient], postgres] = await Promise.all([
    preparePython(),
    startPostgres(),
    chromium(),
    migratedFolder(),
  ]);
  await makeMigratedDatabase(postgres);
  return { python, runsClient, postgres };
}

async function preparePython(): Promise<[interpreter: string, runsTheClient: boolean]> {
  const python = await pythonWith([...NUMERIC, ...DULWICH, ...SCHEMATHESIS]);
  const isNewEnough = await runsTheClient();
  if (isNewEnough) {
    await pythonWith(CLIENT);
    await compileImports(python);
  }
  return [python, isNewEnough];
}

async function leftOutOf(python: string, client: boolean): Promise<string> {
  return [
    '\n# Left out',
    client ? await leftOut(python) : 'the Python client: it needs Python 3.11 or newer',
    'the real PyBirch: npm run pybirch -- FOLDER, with its clone in FOLDER',
  ].join('\n');
}

/** Prints the slowest jobs, the failures and the totals. Ends the run. */
function finish(all: readonly Ended[]): never {
  const column = (seconds: number): string => seconds.toFixed(0).padStart(5);
  const slowest = all.toSorted((a, b) => b.processor - a.processor || b.seconds - a.seconds);
  const times = slowest
    .slice(0, 40)
    .map(({ job, seconds, processor }) => `${column(seconds)} ${column(processor)}  ${job.name}`);
  const processor = all.reduce((sum, one) => sum + one.processor, 0);
  console.log(
    `\n# ${process.uptime().toFixed(0)} s, ${processor.toFixed(0)} s of processor time; each job: seconds, processor seconds`,
  );
  console.log(times.join('\n'));
  const failed = all.filter(({ code }) => code !== 0);
  if (failed.length > 0) console.log(`\n# Failed\n${failed.map(({ job }) => job.name).join('\n')}`);
  const counts = all.map(totals);
  const sum = (what: keyof Totals): number => counts.reduce((sum, count) => sum + count[what], 0);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
  process.exit(sum('failed') === 0 ? 0 : 1);
}
