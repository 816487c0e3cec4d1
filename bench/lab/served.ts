/** `registry serve` as a process of its own, with a lab in it: what it costs can be read from outside. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { createClient, type RegistryClient } from '../../client/typescript/client.ts';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '..', '..', 'registry', 'main.ts');

export interface Served {
  url: string;
  token: string;
  client: RegistryClient;
  labId: number;
  /** Imports a folder into the lab. */
  import(folder: string): Promise<void>;
  /** A computer's token. */
  enrol(name: string): Promise<string>;
  /** Its peak until now in MB; 0 where there is no /proc. */
  megabytes(): Promise<number>;
  close(): Promise<void>;
}

export async function serve(folder: string): Promise<Served> {
  const env = { ...process.env, DATA_DIR: join(folder, 'var'), PORT: '0', LOG_LEVEL: 'silent' };
  const server = spawn(process.execPath, [MAIN, 'serve'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  let url: string | undefined;
  for await (const line of createInterface({ input: server.stdout })) {
    url = /git clone (http:\/\/)admin:\S+@(127\.0\.0\.1:\d+)\//.exec(line)?.slice(1).join('');
    if (url) break;
  }
  if (!url) throw new Error('the server ended without its greeting');
  server.stdout.resume();
  const registry = async (...args: string[]) =>
    (await run(process.execPath, [MAIN, ...args], { env, maxBuffer: 2 ** 24 })).stdout.trim();
  const token = await registry('token', 'create', 'admin', '--scope', 'admin');
  const client = createClient({ url, token });
  const { id } = await client.labs.create({ name: 'Bench', code: 'bench' });
  return {
    url,
    token,
    client,
    labId: id,
    async import(from) {
      await registry('import', from, '--lab', 'bench');
    },
    async enrol(name) {
      const { code } = await client.computers.createCode(id);
      return (await client.computers.enrol({ code, computer_name: name })).token;
    },
    megabytes: () => peakMemory(server),
    async close() {
      server.kill('SIGTERM');
      await ended;
      await rm(join(folder, 'var'), { recursive: true, force: true });
    },
  };
}

/** VmHWM of proc_pid_status(5). */
export async function peakMemory({ pid }: ChildProcess): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) / 1024;
}
