/** A registry for following the guide for lab computers, served as in production. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { createClient } from '../../client/typescript/client.ts';

const root = join(import.meta.dirname, '..', '..');

export interface GuideRegistry {
  url: string;
  /** Creates a computer in a new lab. Returns the computer's name and an enrolment code. */
  newComputer(): Promise<{ name: string; code: string }>;
  /** A cache that all computers share, so that pip downloads each package once. */
  pipCache: string;
}

export async function serveGuide(t: Test): Promise<GuideRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'registry-guide-'));
  const dataDir = join(folder, 'var');
  const env = { ...process.env, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'error' };
  const main = join(root, 'registry', 'main.js');
  const server = spawn(process.execPath, [main, 'serve'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  t.teardown(async () => {
    server.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  let url: string | undefined;
  for await (const line of createInterface({ input: server.stdout })) {
    url = /^The registry is at (\S+)$/.exec(line)?.[1];
    if (url) break;
  }
  if (!url) throw new Error('the server ended without its greeting');
  server.stdout.pipe(process.stderr);
  const token = [main, 'token', 'create', 'admin', '--scope', 'admin'];
  const made = await promisify(execFile)(process.execPath, token, { env });
  const client = createClient({ url, token: made.stdout.trim() });
  let computers = 0;
  return {
    url,
    async newComputer() {
      computers += 1;
      const number = String(computers).padStart(2, '0');
      const { id } = await client.labs.create({ name: `Lab ${number}`, code: `lab${number}` });
      return { name: `LABPC-${number}`, code: (await client.computers.createCode(id)).code };
    },
    pipCache: join(folder, 'pip'),
  };
}
