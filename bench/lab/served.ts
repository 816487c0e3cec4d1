/** `registry serve` in a separate process, with one lab, so that its cost can be measured from outside. */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readFile, rm, truncate, watch, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient, type RegistryClient } from '../../client/typescript/client.ts';
import { putDatabase } from '../../test/helpers/embedded-folders.ts';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '..', '..', 'registry', 'main.js');

const PASSWORD = 'measured in turn';

export interface Served {
  url: string;
  pid: number;
  token: string;
  client: RegistryClient;
  labId: number;
  /** Imports a folder into the lab. */
  import(folder: string): Promise<void>;
  /** Enrols a computer and returns its token. */
  enrol(name: string): Promise<string>;
  memory: Memory;
  /** Empties the log, which grows with each request. */
  emptyLog(): Promise<void>;
  /** Milliseconds from the start of the process to its greeting. */
  startTime: number;
  stop(): Promise<void>;
  /** Stops, and deletes the data folder. */
  close(): Promise<void>;
}

/** Settings of the registry that are added to the environment. */
export type Settings = Record<string, string>;

/** Starts and stops once: the first start imports the built-in definitions. */
export async function startFirst(folder: string, settings: Settings): Promise<void> {
  const { stop } = await start(folder, settings);
  await stop();
}

/**
 * Serves with a data folder below `folder`, which may have been served before. Without `DATABASE_URL`, the database is
 * the embedded one.
 */
export async function serve(folder: string, settings: Settings): Promise<Served> {
  const begun = performance.now();
  const { url, pid, env, log, stop } = await start(folder, settings);
  const startTime = performance.now() - begun;
  const session = await createClient({ url }).login('admin', PASSWORD);
  const { tokens } = createClient({ url, token: session.token });
  const { token } = await tokens.create({ name: 'bench', scope: 'admin' });
  const client = createClient({ url, token });
  const { items } = await client.labs.list();
  const lab = { name: 'Bench', code: 'bench' };
  const { id } = items.find(({ code }) => code === lab.code) ?? (await client.labs.create(lab));
  return {
    url,
    startTime,
    stop,
    pid,
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
    memory: memoryOf(pid),
    emptyLog: () => truncate(log),
    async close() {
      await stop();
      await rm(env.DATA_DIR, { recursive: true, force: true });
    },
  };
}

async function start(folder: string, settings: Settings) {
  const DATA_DIR = join(folder, 'var');
  if (!settings.DATABASE_URL && !existsSync(DATA_DIR)) await putDatabase(DATA_DIR);
  const env = { ...process.env, DATA_DIR, PORT: '0', ADMIN_PASSWORD: PASSWORD, ...settings };
  // The log goes to a file, because reading it from a pipe would cost this process as much as a request.
  const log = join(folder, 'registry.log');
  await writeFile(log, '');
  const file = await open(log, 'a');
  const early = new AbortController();
  const greeted = greeting(log, early.signal);
  const server = spawn(process.execPath, [MAIN, 'serve'], {
    env,
    stdio: ['ignore', file.fd, 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  ended.then(() => early.abort(new Error('the server ended without its greeting')));
  await file.close();
  return {
    url: await greeted,
    pid: server.pid as number,
    env,
    log,
    async stop() {
      server.kill('SIGTERM');
      await ended;
    },
  };
}

/** The address in the greeting of the server. */
async function greeting(log: string, signal: AbortSignal): Promise<string> {
  for await (const _ of watch(log, { signal })) {
    const [, url] = /^The registry is at (http:\S+)\n/m.exec(await readFile(log, 'utf8')) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('the log is no longer watched');
}

/** Memory of a process in MB; 0 without /proc. */
export interface Memory {
  now(): Promise<number>;
  /** The peak since the last `forget`, or since the start. */
  peak(): Promise<number>;
  forget(): Promise<void>;
}

/** Reads VmRSS and VmHWM (proc_pid_status(5)); writing 5 to clear_refs resets VmHWM (proc(5)). */
export function memoryOf(pid: number | undefined): Memory {
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
