/**
 * `npm run pythons [3.12 …]`: follows the guide and runs the package's own tests with every CPython of this machine
 * that the lab computers' package supports.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { CLIENT, CLIENT_FOLDER, PIP_INSTALL } from '../helpers/python.ts';
import { followGuide, sameAsGuides } from './guide.ts';
import { serveGuide } from './guide-registry.ts';
import { findPythons, MINORS } from './pythons.ts';

t.setTimeout(3_600_000);

const asked = process.argv.slice(2);
const minors = asked.length > 0 ? asked : MINORS;
const [pythons, registry] = await Promise.all([findPythons(), serveGuide(t)]);
for (const minor of minors) {
  const python = pythons.find((one) => one.minor === minor);
  if (!python) {
    t.pass(`Python ${minor}`, { skip: 'not on this machine' });
    continue;
  }
  await t.test(`Python ${python.version} at ${python.path}`, async (t) => {
    await sameAsGuides(t, await followGuide(t, python.path, registry));
    // The tests get their own environment, because the guide's environment now contains PyBirch.
    const folder = await mkdtemp(join(tmpdir(), 'registry-python-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    t.equal(
      await runShowing(python.path, ['-m', 'venv', folder]),
      0,
      'a virtual environment is created',
    );
    const interpreter = join(folder, 'bin', 'python');
    t.equal(
      await runShowing(interpreter, [...PIP_INSTALL, ...CLIENT]),
      0,
      'pip installs the packages that the tests need',
    );
    t.equal(
      await runShowing(interpreter, ['-m', 'pytest', '-n', '2']),
      0,
      "the package's own tests",
    );
  });
}

/** Runs a program in the package's folder, shows its output, and returns its exit code. */
async function runShowing(program: string, args: string[]): Promise<number | null> {
  const child = spawn(program, args, { cwd: CLIENT_FOLDER, stdio: ['ignore', 2, 2] });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}
