/** Runs the README's walk-through from its text. `node test/docs/readme.test.ts --write` updates the printed output. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { SETTINGS } from '../../registry/config.ts';
import { readSteps, runSteps, writeSteps } from './walk.ts';

t.setTimeout(240_000);
const root = join(import.meta.dirname, '..', '..');
const path = join(root, 'README.md');
const readme = await readFile(path, 'utf8');

const hasCurl = spawnSync('curl', ['--version']).status === 0;

t.test('the tour prints what the README says', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'registry-walk-'));
  // The tour starts the server on a terminal, as people do. The clone line contains a token only on a terminal.
  const serve = [process.execPath, 'registry/main.js', 'serve'];
  const server = spawn('python3', ['test/helpers/terminal.py', ...serve], {
    cwd: root,
    env: { ...process.env, DATA_DIR: join(folder, 'var'), PORT: '0', LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  t.teardown(async () => {
    server.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  const { token, port } = await readGreeting(server.stdout);

  const local = (text: string) =>
    text
      .replaceAll('admin:TOKEN@', `admin:${token}@`)
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`);
  const general = (text: string) =>
    text.replaceAll(token, 'TOKEN').replaceAll(`127.0.0.1:${port}`, '127.0.0.1:8080');
  // The registry needs git but not curl. A machine without curl skips the last block.
  const steps = readSteps(readme).filter(({ command }) => hasCurl || !command.includes('$API'));
  const done = await runSteps(
    steps.map(({ command, output }) => ({ command: local(command), output })),
    {
      cwd: folder,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: folder,
        LC_ALL: 'C.UTF-8',
        GIT_CONFIG_NOSYSTEM: '1',
        TOKEN: token,
      },
    },
  );
  const printed = done.map(({ command, output }) => ({
    command: general(command),
    output: general(output).replace(/[ \t]+$/gm, ''),
  }));
  if (process.argv.includes('--write')) await writeFile(path, writeSteps(readme, printed));
  for (const [i, { command, output }] of printed.entries()) {
    t.equal(stable(output), stable(steps[i]?.output ?? ''), command);
  }
});

t.test('the table of the configuration lists every setting', async (t) => {
  const [, table = ''] = /## Configuration\n(.*?)\n## /s.exec(readme) ?? [];
  for (const { name } of SETTINGS) t.match(table, `\`${name}\``);
});

/** Replaces object ids, which differ between runs. */
const stable = (text: string): string => text.replace(/\b[0-9a-f]{7,40}\b/g, '<id>');

/** Reads the token and the port in the clone line of the first start. */
async function readGreeting(
  output: NodeJS.ReadableStream,
): Promise<{ token: string; port: string }> {
  for await (const line of createInterface({ input: output })) {
    const match = /git clone http:\/\/admin:(\S+)@127\.0\.0\.1:(\d+)\//.exec(line);
    if (match) {
      output.resume();
      return { token: match[1] as string, port: match[2] as string };
    }
  }
  throw new Error('the server ended without its greeting');
}
