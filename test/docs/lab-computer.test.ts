/**
 * The guide for lab computers, run from its own text: pip builds what the registry hands out, in a clean virtual
 * environment, and all of it runs against that registry, served as in production. `node test/docs/lab-computer.test.ts --write` puts in what was printed.
 */
import { execFile, spawn } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { CLIENT, NUMERIC, pythonWith, runsTheClient } from '../helpers/python.ts';
import { readSteps, runSteps, writeSteps } from './walk.ts';

t.setTimeout(300_000);

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const path = join(root, 'docs', 'lab-computer.md');
const standin = join(root, 'test', 'fixtures', 'pybirch-standin');

const python = await pythonWith(CLIENT);
const skip = !(await runsTheClient()) && 'needs Python 3.11';

await t.test('the guide for lab computers prints what it says', { skip }, async (t) => {
  const folder = t.testdir();
  const guide = await readFile(path, 'utf8');
  const [{ url, code }, bin] = await Promise.all([
    served(t, join(folder, 'var')),
    cleanEnvironment(join(folder, 'venv')),
  ]);
  const swaps: [inGuide: string, here: string][] = [
    ['http://127.0.0.1:8080', url],
    [' CODE', ` ${code}`],
  ];
  const local = (text: string) =>
    swaps.reduce((all, [general, here]) => all.replaceAll(general, here), text);
  const general = (text: string) =>
    swaps
      .reduce((all, [general, here]) => all.replaceAll(here, general), text)
      .replaceAll(folder, '/home/lab');

  // A new computer with PyBirch's clone in its home, which no variable names.
  await cp(standin, join(folder, 'PyBirch'), { recursive: true });
  const steps = readSteps(guide);
  const done = await runSteps(
    steps.map(({ command, output }) => ({ command: local(command), output })),
    {
      cwd: folder,
      env: {
        PATH: `${bin}:${process.env.PATH}`,
        HOME: folder,
        LC_ALL: 'C.UTF-8',
        PYBIRCH_REGISTRY_HOME: join(folder, 'pybirch-registry'),
        NO_PROXY: '*',
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
      },
    },
  );
  const printed = done.map(({ command, output }) => ({
    command: general(command),
    output: general(output).replace(/[ \t]+$/gm, ''),
  }));
  if (process.argv.includes('--write')) await writeFile(path, writeSteps(guide, printed));
  for (const [i, { command, output }] of printed.entries())
    t.equal(stable(output), stable(steps[i]?.output ?? ''), command);
});

/** What differs from one computer to the next. */
function stable(text: string): string {
  return text.replace(/Python 3\.\d+\.\d+ at .*/, 'Python');
}

/** `registry serve` with a lab in it; a code for one computer. */
async function served(
  t: { teardown(end: () => Promise<unknown>): void },
  dataDir: string,
): Promise<{ url: string; code: string }> {
  const env = { ...process.env, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'silent' };
  const main = join(root, 'registry', 'main.js');
  const server = spawn(process.execPath, [main, 'serve'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  t.teardown(async () => {
    server.kill();
    await ended;
  });
  let url: string | undefined;
  for await (const line of createInterface({ input: server.stdout })) {
    url = /^The registry is at (\S+)$/.exec(line)?.[1];
    if (url) break;
  }
  if (!url) throw new Error('the server ended without its greeting');
  server.stdout.resume();
  const made = await run(process.execPath, [main, 'token', 'create', 'admin', '--scope', 'admin'], {
    env,
  });
  const client = createClient({ url, token: made.stdout.trim() });
  const { id } = await client.labs.create({ name: 'Nano Optics', code: 'nano' });
  return { url, code: (await client.computers.createCode(id)).code };
}

/** A virtual environment with what PyBirch brings itself; the folder of its programs. */
async function cleanEnvironment(folder: string): Promise<string> {
  await run(python, ['-m', 'venv', folder]);
  const bin = join(folder, 'bin');
  await run(join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...NUMERIC]);
  return bin;
}
