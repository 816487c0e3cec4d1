/** `registry serve` in a separate process, with one lab, so that its cost can be measured from outside. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { createClient, type RegistryClient } from '../../client/typescript/client.ts';
import { putDatabase } from '../../test/helpers/embedded-folders.ts';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '..', '..', 'registry', 'main.js');

const PASSWORD = 'measured in turn';

export interface Served {
  url: string;
  token: string;
  client: RegistryClient;
  labId: number;
  /** Imports a folder into the lab. */
  import(folder: string): Promise<void>;
  /** Enrols a computer and returns its token. */
  enrol(name: string): Promise<string>;
  memory: Memory;
  close(): Promise<void>;
}

export async function serve(folder: string): Promise<Served> {
  const settings = { DATA_DIR: join(folder, 'var'), PORT: '0', ADMIN_PASSWORD: PASSWORD };
  await putDatabase(settings.DATA_DIR);
  const env = { ...process.env, ...settings, LOG_LEVEL: 'silent' };
  const server = spawn(process.execPath, [MAIN, 'serve'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  let url: string | undefined;
  for await (const line of createInterface({ input: server.stdout })) {
    url = /^The registry is at (http:\S+)$/.exec(line)?.[1];
    if (url) break;
  }
  if (!url) throw new Error('the server ended without its greeting');
  server.stdout.resume();
  const session = await createClient({ url }).login('admin', PASSWORD);
  const { tokens } = createClient({ url, token: session.token });
  const { token } = await tokens.create({ name: 'bench', scope: 'admin' });
  const client = createClient({ url, token });
  const { id } = await client.labs.create({ name: 'Bench', code: 'bench' });
  return {
    url,
    token,
    client,
    labId: id,
    async import(from) {
      const command = [MAIN, 'import', from, '--lab', 'bench'];
      await run(process.execPath, command, { env, maxBuffer: 2 ** 24 });
    },
    async enrol(name) {
      const { code } = await client.computers.createCode(id);
      return (await client.computers.enrol({ code, computer_name: name })).token;
    },
    memory: memoryOf(server),
    async close() {
      server.kill('SIGTERM');
      await ended;
      await rm(join(folder, 'var'), { recursive: true, force: true });
    },
  };
}

/** Memory of a process in MB; 0 without /proc. */
export interface Memory {
  now(): Promise<number>;
  /** The peak since the last `forget`, or since the start. */
  peak(): Promise<number>;
  forget(): Promise<void>;
}

/** Reads VmRSS and VmHWM (proc_pid_status(5)); writing 5 to clear_refs resets VmHWM (proc(5)). */
function memoryOf({ pid }: ChildProcess): Memory {
  const read = async (field: string) => {
    const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) / 1024;
  };
  return {
    now: () => read('VmRSS'),
    peak: () => read('VmHWM'),
    forget: () => writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => undefined),
  };
}
