/** Runs `registry serve` with one lab in a separate process, so that its cost can be measured from outside. */
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
  /** Empties the server's log, which grows with each request. */
  emptyLog(): Promise<void>;
  /** Milliseconds from the start of the process until it prints its greeting. */
  startTime: number;
  stop(): Promise<void>;
  /** Stops the server and deletes its data folder. */
  close(): Promise<void>;
}

/** Settings of the registry, added to the environment of its process. */
export type Settings = Record<string, string>;

/** Starts and stops the registry once, because the first start imports the built-in definitions. */
export async function startFirst(folder: string, settings: Settings): Promise<void> {
  const { stop } = await start(folder, settings);
  await stop();
}

/**
 * Starts the registry with a data folder below `folder`. The data folder may already exist from an earlier start.
 * Without `DATABASE_URL`, the registry uses the embedded database.
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
  // The log goes to a file. Reading the log from a pipe would cost this process as much CPU as a request.
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

/** Waits until the log has the server's greeting, and returns the address in it. */
async function greeting(log: string, signal: AbortSignal): Promise<string> {
  for await (const _ of watch(log, { signal })) {
    const [, url] = /^The registry is at (http:\S+)\n/m.exec(await readFile(log, 'utf8')) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('the log is no longer watched');
}

/** The memory of a process in MB, or 0 on systems without /proc. */
export interface Memory {
  now(): Promise<number>;
  /** The highest value since the last `forget`, or since the start of the process. */
  peak(): Promise<number>;
  forget(): Promise<void>;
}

/** Reads VmRSS and VmHWM (proc_pid_status(5)). Writing 5 to clear_refs resets VmHWM (proc(5)). */
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
