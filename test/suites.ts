/**
 * Every check and every test there is, one suite after the other, ending at the first that fails. The last line gives the
 * totals as `N passed, N failed`; a check counts as one test. With `--checks` the checks alone.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { leftOut } from './docs/pythons.ts';
import { chromium } from './helpers/chromium.ts';
import { makeMigratedDatabase, SHARED_SERVER, startPostgres } from './helpers/postgres-server.ts';
import {
  CLIENT,
  CLIENT_FOLDER,
  DULWICH,
  NUMERIC,
  pythonWith,
  runsTheClient,
  SCHEMATHESIS,
} from './helpers/python.ts';

interface Suite {
  name: string;
  command: [program: string, ...args: string[]];
}

const CHECKS: Suite[] = [
  { name: 'format and lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'types of the web interface', command: ['tsc', '--noEmit', '-p', 'web-components'] },
  { name: 'types of its tests', command: ['tsc', '--noEmit', '-p', 'test/web-components'] },
  {
    name: 'import directions',
    command: [
      'depcruise',
      '--config',
      '.dependency-cruiser.json',
      ...['registry', 'repos', 'text', 'client/typescript', 'web-components', 'test', 'bench'],
    ],
  },
];

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules', '.bin');
let passed = 0;

for (const { name, command } of CHECKS) {
  console.log(`\n# ${name}`);
  const { code } = await run(command);
  if (code !== 0) finish(1);
  passed += 1;
}

if (process.argv.includes('--checks')) finish(0);

// The web interface as it stands now, not as it was at the last install.
console.log('\n# web interface');
const build = await run(['vite', 'build', 'web-components', '--logLevel', 'warn']);
if (build.code !== 0) finish(1);

// tap's own library is generated for the plugins that package.json names.
if (!existsSync(join(root, '.tap', 'plugins'))) {
  const { code } = await run(['tap', 'build']);
  if (code !== 0) finish(1);
}
// Made here, once, so that no test's time limit has to include what pip downloads and what is unpacked.
console.log('\n# Python packages, the browser and the database server for the tests');
const [python, postgres] = await Promise.all([
  pythonWith([...NUMERIC, ...DULWICH, ...SCHEMATHESIS]),
  startPostgres(),
  chromium(),
]);
await makeMigratedDatabase(postgres);
process.env[SHARED_SERVER] = String(postgres.port);
// A hundred test files load much the same modules.
process.env.NODE_COMPILE_CACHE = join(root, 'node_modules', '.cache', 'compiled-tests');
const only = process.argv.slice(2);
if (only.length === 0) await testClient();

console.log('\n# tests');
const { code, output } = await run(['tap', 'run', '--reporter=tap', '--jobs=2', ...only]);
await postgres.close();
const totals = /^# \{ total: \d+.*\}$/m.exec(output)?.[0] ?? '';
passed += count(totals, 'pass');
finish(Math.max(count(totals, 'fail'), code === 0 ? 0 : 1));

/** Checks and tests of what lab computers install; ends the run where one fails. */
async function testClient(): Promise<void> {
  console.log('\n# Python client');
  if (!(await runsTheClient())) return console.log('left out: it needs Python 3.11 or newer');
  await pythonWith(CLIENT);
  const checks = [
    ['ruff', 'check', '.'],
    ['ruff', 'format', '--check', '.'],
    ['mypy'],
    // A cache of its own, so that neither run throws the other's away.
    ['mypy', '--platform', 'win32', '--cache-dir', '.mypy_cache/win32'],
  ];
  for (const check of checks) {
    const { code } = await run([python, '-m', ...check], CLIENT_FOLDER);
    if (code !== 0) finish(1);
    passed += 1;
  }
  const { code, output } = await run([python, '-m', 'pytest', '-n', '2'], CLIENT_FOLDER);
  passed += Number(/(\d+) passed/.exec(output)?.[1] ?? 0);
  if (code !== 0) finish(Number(/(\d+) failed/.exec(output)?.[1] ?? 1));
  console.log(`\n# Other Pythons\n${await leftOut(python)}`);
  console.log(
    '\n# The real PyBirch\nleft out: npm run pybirch -- FOLDER, with its clone in FOLDER',
  );
}

function count(totals: string, what: string): number {
  return Number(new RegExp(`\\b${what}: (\\d+)`).exec(totals)?.[1] ?? 0);
}

function finish(failed: number): never {
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

/** Shows what the program prints, and returns standard output's tail as well. */
async function run(
  [program, ...args]: [program: string, ...args: string[]],
  folder = root,
): Promise<{ code: number; output: string }> {
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, PATH: bin + delimiter + process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    process.stdout.write(chunk);
    output = (output + chunk).slice(-20_000);
  });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
