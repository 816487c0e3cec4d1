/** Finds the Pythons of this machine that the lab computers' package supports. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const MINORS = ['3.11', '3.12', '3.13', '3.14'];

export interface Python {
  path: string;
  minor: string;
  version: string;
}

/**
 * Finds the newest Python of each minor version, on PATH and in pyenv. Omits Pythons that cannot create a virtual
 * environment.
 */
export async function findPythons(): Promise<Python[]> {
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => MINORS.map((minor) => join(folder, `python${minor}`)));
  const found = await Promise.all([...onPath, ...(await ofPyenv())].map(identify));
  return MINORS.flatMap((minor) =>
    found
      .filter((python) => python?.minor === minor)
      .toSorted((a, b) => patch(b) - patch(a))
      .slice(0, 1),
  ) as Python[];
}

/** Lists the Pythons that a run with this interpreter leaves out, with the reason. */
export async function leftOut(interpreter: string): Promise<string> {
  const [used, found] = await Promise.all([identify(interpreter), findPythons()]);
  const others = MINORS.filter((minor) => minor !== used?.minor);
  const here = found.filter(({ minor }) => others.includes(minor));
  const absent = others.filter((minor) => !here.some((python) => python.minor === minor));
  const lines = [
    here.length > 0 && `left out: npm run pythons, for ${here.map((p) => p.version).join(', ')}`,
    absent.length > 0 && `not on this machine: ${absent.join(', ')}`,
  ];
  return lines.filter((line) => line !== false).join('\n');
}

/** Identifies a Python by running it, because the file may be a shim for a missing Python. */
export async function identify(path: string): Promise<Python | undefined> {
  const code =
    'import platform, sys, ensurepip, ssl, venv; print(sys.executable, platform.python_version())';
  const answer = await run(path, ['-c', code]).catch(() => undefined);
  const [, executable, version, minor] = /^(.*) ((3\.\d+)\S*)\n$/.exec(answer?.stdout ?? '') ?? [];
  return executable && version && minor ? { path: executable, minor, version } : undefined;
}

/** Finds pyenv's Pythons. Reads the home from the system, because `npm test` sets another one. */
async function ofPyenv(): Promise<string[]> {
  const versions = join(process.env.PYENV_ROOT ?? join(userInfo().homedir, '.pyenv'), 'versions');
  const names = await readdir(versions).catch(() => []);
  return names.map((name) => join(versions, name, 'bin', 'python'));
}

function patch(python: Python | undefined): number {
  return Number(python?.version.split('.')[2]);
}
