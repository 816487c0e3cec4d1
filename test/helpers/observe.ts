/** Runs the command line in a separate process, and returns what that process loaded and used. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface Observed {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The URLs of the modules that the threads of the process loaded, without those of Node. */
  modules: string[];
  /** The peak memory of the process in MB. */
  megabytes: number;
  /** The CPU time of the process in milliseconds. */
  cpu: number;
  /** The time from the start of the process to its end, in milliseconds. */
  time: number;
}

const MAIN = fileURLToPath(new URL('../../registry/main.js', import.meta.url));
const OBSERVED = new URL('./observed.ts', import.meta.url);

export async function observe(args: string[], settings: Record<string, string>): Promise<Observed> {
  const folder = await mkdtemp(join(tmpdir(), 'observed-'));
  const file = join(folder, 'lines');
  const observed = new URL(`?${new URLSearchParams({ file })}`, OBSERVED).href;
  const begun = performance.now();
  const child = spawn(process.execPath, ['--import', observed, MAIN, ...args], {
    env: { PATH: process.env.PATH, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  const time = performance.now() - begun;
  const lines = await readFile(file, 'utf8');
  await rm(folder, { recursive: true });
  const modules: string[] = [];
  const used = { megabytes: 0, cpu: 0 };
  for (const line of lines.split('\n').filter((line) => line !== '')) {
    const one = JSON.parse(line) as { module: string } | typeof used;
    if (!('module' in one)) Object.assign(used, one);
    else if (!one.module.startsWith('node:')) modules.push(one.module);
  }
  return { code, stdout, stderr, modules, ...used, time };
}
