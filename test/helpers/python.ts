/** Python for the tests, with packages, out of `.venv/` in the project's root. */

import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..', '.venv');
const PYTHON = process.platform === 'win32' ? join('Scripts', 'python.exe') : join('bin', 'python');

/**
 * The path of a Python that has the given packages (pip's requirements: `dulwich==0.24.1`). The
 * environment is made once for each list of packages and kept. Several processes may ask at once:
 * each builds beside the others, and the first to rename its own into place wins.
 *
 * @throws where python3 or the packages cannot be had; pip's own words are in the message.
 */
export async function pythonWith(packages: readonly string[]): Promise<string> {
  const list = [...packages].sort().join('\n');
  const home = join(ROOT, createHash('sha256').update(list).digest('hex').slice(0, 16));
  if (!existsSync(home)) await build(home, packages);
  return join(home, PYTHON);
}

async function build(home: string, packages: readonly string[]): Promise<void> {
  const draft = `${home}.${randomUUID()}`;
  await mkdir(ROOT, { recursive: true });
  try {
    await run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', draft]);
    // `python -m pip`, because pip's own scripts hold the path of the draft.
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await run(join(draft, PYTHON), [...pip, ...packages]);
    await rename(draft, home);
  } catch (error) {
    if (!existsSync(home)) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
