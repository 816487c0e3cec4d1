/**
 * `npm test`: every check and every test there is, one suite after the other, ending at the first that
 * fails. The last line gives the totals as `N passed, N failed`; a check counts as one test.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { DULWICH, NUMERIC, pythonWith } from './helpers/python.ts';

interface Suite {
  name: string;
  command: [program: string, ...args: string[]];
}

const CHECKS: Suite[] = [
  { name: 'format and lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'types', command: ['tsc', '--noEmit'] },
  {
    name: 'import directions',
    command: [
      'depcruise',
      '--config',
      '.dependency-cruiser.json',
      ...['registry', 'repos', 'test', 'bench'],
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

// tap's own library is generated for the plugins that package.json names.
if (!existsSync(join(root, '.tap', 'plugins'))) {
  const { code } = await run(['tap', 'build']);
  if (code !== 0) finish(1);
}
// Made here, once, so that no test's time limit has to include what pip downloads.
console.log('\n# Python packages for the tests');
await pythonWith([...NUMERIC, ...DULWICH]);

console.log('\n# tests');
const { code, output } = await run([
  'tap',
  'run',
  '--reporter=tap',
  '--jobs=2',
  ...process.argv.slice(2),
]);
const totals = /^# \{ total: \d+.*\}$/m.exec(output)?.[0] ?? '';
passed += count(totals, 'pass');
finish(Math.max(count(totals, 'fail'), code === 0 ? 0 : 1));

function count(totals: string, what: string): number {
  return Number(new RegExp(`\\b${what}: (\\d+)`).exec(totals)?.[1] ?? 0);
}

function finish(failed: number): never {
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

/** Shows what the program prints, and returns standard output's tail as well. */
async function run([program, ...args]: Suite['command']): Promise<{
  code: number;
  output: string;
}> {
  const child = spawn(program, args, {
    cwd: root,
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
