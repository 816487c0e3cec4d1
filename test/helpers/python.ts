/** Manages a Python with the packages that tests need, separate from the machine's own Python. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'smol-toml';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const VENV = join(ROOT, '.venv');
const LOCK = join(ROOT, '.venv.lock');
/** A lock older than this was left by a killed run. */
const STALE_MS = 5 * 60 * 1000;

/** All packages for tests. `npm test` installs these packages before the first test. */
export const NUMERIC = [
  'numpy==2.2.6; python_version < "3.11"',
  'numpy==2.4.6; python_version >= "3.11"',
  'pandas==2.3.3',
  'pyvisa==1.15.0',
  'pyvisa-py==0.8.1',
];
export const DULWICH = ['dulwich==1.2.21'];
export const SCHEMATHESIS = ['schemathesis==4.32.5'];
/** pip does not compile the packages, because most of their modules are never imported. */
export const PIP_INSTALL = [
  ...['-m', 'pip', 'install', '--quiet'],
  ...['--disable-pip-version-check', '--no-compile'],
];
/** The folder of the lab computers' package, and the packages that it and its tests need. */
export const CLIENT_FOLDER = join(ROOT, 'client', 'python');
export const CLIENT = requirements(join(CLIENT_FOLDER, 'pyproject.toml'));
/** A stand-in for PyBirch that has only its base classes. */
export const STANDIN = join(ROOT, 'test', 'fixtures', 'pybirch-standin');
/** The modules that the processes of the client's tests import. */
const IMPORTS = [
  ...['numpy', 'pandas', 'pyvisa', 'pyvisa_py', 'pyvisa_sim', 'serial', 'dulwich.porcelain'],
  ...['pybirch.Instruments.factory', 'pybirch_registry.cli', 'pybirch_registry.registry'],
  ...['pytest', 'xdist.plugin', 'xdist.remote'],
];
/** The oldest Python that the lab computers' package supports. */
const OLDEST = [3, 11] as const;

/**
 * Returns the interpreter of `.venv/` with these packages (`name==version`). Installs missing packages. Test files run
 * in parallel: one installs, and the others wait.
 */
export async function pythonWith(packages: readonly string[]): Promise<string> {
  const interpreter = join(VENV, 'bin', 'python');
  if (await hasAll(packages)) return interpreter;
  await lock();
  try {
    if (await hasAll(packages)) return interpreter;
    if (!existsSync(interpreter)) await run(await newEnough(), ['-m', 'venv', VENV]);
    await run(interpreter, [...PIP_INSTALL, ...packages]);
    const all = new Set([...(await installed()), ...packages]);
    await writeFile(`${RECORD}.next`, [...all].join('\n'));
    await rename(`${RECORD}.next`, RECORD);
  } finally {
    await rm(LOCK, { recursive: true });
  }
  return interpreter;
}

/**
 * Compiles the modules that tests import. Without compiled files, each of hundreds of processes would compile the
 * modules again, which takes seconds for pandas alone. The tests themselves write no bytecode.
 */
export async function compileImports(interpreter: string): Promise<void> {
  const env = { ...process.env, PYTHONPATH: [join(CLIENT_FOLDER, 'src'), STANDIN].join(delimiter) };
  await run(interpreter, ['-c', `import ${IMPORTS.join(', ')}`], {
    env: { ...env, PYTHONDONTWRITEBYTECODE: '' },
  });
}

/** Whether the Python of `.venv/` can run the lab computers' package. `.venv/` must exist. */
export async function runsTheClient(): Promise<boolean> {
  return await isNewEnough(join(VENV, 'bin', 'python'));
}

/** Finds the first interpreter that can run all tests; if there is none, `python3`, which can run the others. */
async function newEnough(): Promise<string> {
  for (const name of ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11'])
    if (await isNewEnough(name)) return name;
  return 'python3';
}

async function isNewEnough(interpreter: string): Promise<boolean> {
  const code = `import sys; sys.exit(sys.version_info < (${OLDEST.join(', ')}))`;
  return await run(interpreter, ['-c', code]).then(
    () => true,
    () => false,
  );
}

function requirements(path: string): string[] {
  const { project } = parse(readFileSync(path, 'utf8')) as {
    project: { dependencies: string[]; 'optional-dependencies': { test: string[] } };
  };
  return [...project.dependencies, ...project['optional-dependencies'].test];
}

/** The packages that `pythonWith` has installed, one per line. */
const RECORD = join(VENV, 'installed.txt');

async function installed(): Promise<string[]> {
  return (await readFile(RECORD, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
}

async function hasAll(packages: readonly string[]): Promise<boolean> {
  const there = new Set(await installed());
  return packages.every((name) => there.has(name));
}

/** Takes the lock by creating a folder, because only one process can succeed. */
async function lock(): Promise<void> {
  for (;;) {
    try {
      return void (await mkdir(LOCK));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const made = await stat(LOCK).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > STALE_MS)
      await rm(LOCK, { recursive: true, force: true });
    else await pause(200);
  }
}
