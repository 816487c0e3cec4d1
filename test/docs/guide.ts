/**
 * Follows the guides for lab computers and for tests as a person would, on a computer with a given Python and without
 * git.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { CLIENT, NUMERIC, PIP_INSTALL } from '../helpers/python.ts';
import { openNetwork } from '../lab/network.ts';
import type { GuideRegistry } from './guide-registry.ts';
import { readSteps, runSteps, type Step } from './walk.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const standin = join(root, 'test', 'fixtures', 'pybirch-standin');
/** The programs that the guide uses, in addition to pip, Python and the package's own command. */
const PROGRAMS = ['bash', 'cat', 'cut', 'mkdir'];
/** The simulator that stands for the instrument in the guide for tests. */
const SIMULATOR = CLIENT.filter((one) => one.startsWith('pyvisa-sim='));

const GUIDE = join(root, 'docs', 'lab-computer.md');
const TESTING_GUIDE = join(root, 'docs', 'testing-definitions.md');

/** A guide's file, and its steps with their actual output. */
export interface Followed {
  file: string;
  printed: Step[];
}

/**
 * Follows the guide for lab computers from its first step. Then runs the commands that the guide's sentences mention,
 * and continues without the network, also with the guide for tests. Returns both guides with their actual output.
 */
export async function followGuide(
  t: Test,
  python: string,
  registry: GuideRegistry,
): Promise<Followed[]> {
  // A space and non-ASCII letters, as many account names have.
  const home = join(t.testdir(), 'Jörg Weiß');
  const network = await openNetwork(registry.url);
  t.teardown(() => network.close());
  const bin = await setUp(home, python);
  const { name, code } = await registry.newComputer();

  const swaps: [inGuide: string, here: string][] = [
    ['http://127.0.0.1:8080', network.url],
    [' CODE', ` ${code}`],
    ['LABPC-01', name],
    ['/home/lab', home],
  ];
  const local = (text: string) =>
    swaps.reduce((all, [general, here]) => all.replaceAll(general, here), text);
  const general = (text: string) =>
    swaps.reduceRight((all, [general, here]) => all.replaceAll(here, general), text);
  const type = async (steps: readonly Step[]): Promise<Step[]> => {
    const typed = steps.map(({ command, output }) => ({ command: local(command), output }));
    const done = await runSteps(typed, { cwd: home, env: environment(home, bin, registry) });
    return done.map(({ command, output }) => ({
      command: general(command),
      output: general(output).replace(/[ \t]+$/gm, ''),
    }));
  };
  const typeAll = async (...commands: string[]): Promise<string[]> => {
    const done = await type(commands.map((command) => ({ command, output: '' })));
    return done.map(({ output }) => output);
  };

  t.same(await typeAll('command -v git; echo $?'), ['1\n'], 'this computer has no git');
  const printed = await type(readSteps(await readFile(GUIDE, 'utf8')));
  const measured = printed.find(({ command }) => command === 'python measure.py')?.output;

  const [available, found, status] = await typeAll(
    'pybirch-registry list --available',
    'pybirch-registry search stanford',
    'pybirch-registry status',
  );
  t.match(available, /^SimulatedLockIn /m);
  t.match(found, /^SR830 /m);
  t.notMatch(found, /^SimulatedLockIn /m);
  t.match(status, 'GPIB::8::INSTR');

  network.cut();
  const offline = await typeAll(
    'python measure.py',
    'pybirch-registry search stanford',
    'pybirch-registry pin SimulatedLockIn@1',
    'pybirch-registry sync; echo "exit code $?"',
    'pybirch-registry doctor; echo "exit code $?"',
  );
  t.equal(offline[0], measured, 'it measures as before without the network');
  t.match(offline[1], /^SR830 /m);
  t.equal(offline[2], 'SimulatedLockIn stays at version 1 on this computer\n');
  t.match(offline[3], /exit code 4\n$/);
  t.match(offline[4], /^ok +python .*$/m);
  const tested = await type(readSteps(await readFile(TESTING_GUIDE, 'utf8')));
  network.mend();
  t.match(await typeAll('pybirch-registry sync; echo "exit code $?"'), [/exit code 0\n$/]);
  return [
    { file: GUIDE, printed },
    { file: TESTING_GUIDE, printed: tested },
  ];
}

/** Asserts that each step of the guides printed what the guide shows. */
export async function sameAsGuides(t: Test, followed: readonly Followed[]): Promise<void> {
  for (const { file, printed } of followed) {
    const steps = readSteps(await readFile(file, 'utf8'));
    for (const [i, { command, output }] of printed.entries())
      t.equal(stable(output), stable(steps[i]?.output ?? ''), command);
  }
}

/** Removes the parts that differ between computers. */
function stable(text: string): string {
  return text.replace(/Python 3\.\d+\.\d+ at .*/, 'Python').replace(/ \d+\.\d\d s$/gm, ' 0.00 s');
}

/**
 * Creates a home with a clone of PyBirch, which no environment variable names, and a Python with PyBirch's packages.
 * Returns the folder of programs.
 */
async function setUp(home: string, python: string): Promise<string> {
  await mkdir(join(home, 'programs'), { recursive: true });
  await cp(standin, join(home, 'PyBirch'), { recursive: true });
  for (const name of PROGRAMS) {
    const { stdout } = await run('sh', ['-c', 'command -v "$1"', 'sh', name]);
    await symlink(stdout.trim(), join(home, 'programs', name));
  }
  await run(python, ['-m', 'venv', join(home, 'venv')]);
  const bin = join(home, 'venv', 'bin');
  await run(join(bin, 'python'), [...PIP_INSTALL, ...NUMERIC, ...SIMULATOR]);
  return bin;
}

function environment(home: string, bin: string, registry: GuideRegistry): Record<string, string> {
  // The settings with which pip reaches its package index.
  const pip = Object.entries(process.env).filter(([name]) => name.startsWith('PIP_'));
  return {
    ...(Object.fromEntries(pip) as Record<string, string>),
    PIP_CACHE_DIR: registry.pipCache,
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_COMPILE: '0',
    PATH: `${bin}:${join(home, 'programs')}`,
    HOME: home,
    LC_ALL: 'C.UTF-8',
    PYBIRCH_REGISTRY_HOME: join(home, 'pybirch-registry'),
    NO_PROXY: '*',
  };
}
