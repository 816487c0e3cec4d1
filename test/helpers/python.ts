/** A Python with packages that tests need, apart from the machine's own. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const VENV = join(ROOT, '.venv');
const LOCK = join(ROOT, '.venv.lock');
/** A lock this old was left by a run that was killed. */
const STALE_MS = 5 * 60 * 1000;

/** Everything that tests ask for; `npm test` installs it before the first of them runs. */
export const NUMERIC = [
  'numpy==2.2.6; python_version < "3.11"',
  'numpy==2.4.6; python_version >= "3.11"',
  'pandas==2.3.3',
  'pyvisa==1.15.0',
];
export const DULWICH = ['dulwich==1.2.21'];

/**
 * The interpreter of `.venv/` with these packages (`name==version`) in it; makes what is absent. Test files
 * run at the same time: one of them installs, the others wait.
 */
export async function pythonWith(packages: readonly string[]): Promise<string> {
  const interpreter = join(VENV, 'bin', 'python');
  if (await hasAll(packages)) return interpreter;
  await lock();
  try {
    if (await hasAll(packages)) return interpreter;
    if (!existsSync(interpreter)) await run('python3', ['-m', 'venv', VENV]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
    await run(interpreter, pip);
    const all = new Set([...(await installed()), ...packages]);
    await writeFile(`${RECORD}.next`, [...all].join('\n'));
    await rename(`${RECORD}.next`, RECORD);
  } finally {
    await rm(LOCK, { recursive: true });
  }
  return interpreter;
}

/** What was installed by this function, one a line. */
const RECORD = join(VENV, 'installed.txt');

async function installed(): Promise<string[]> {
  return (await readFile(RECORD, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
}

async function hasAll(packages: readonly string[]): Promise<boolean> {
  const there = new Set(await installed());
  return packages.every((name) => there.has(name));
}

/** A folder can be made by one process only. */
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
