/** Runs the command line in a process of its own, and tells what that process loaded and used. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface Observed {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The URLs of the modules that its threads loaded, without those of Node. */
  modules: string[];
  /** Its peak memory. */
  megabytes: number;
  /** Its CPU time in milliseconds. */
  cpu: number;
  /** From its start to its end, in milliseconds. */
  time: number;
}

const MAIN = fileURLToPath(new URL('../../registry/main.js', import.meta.url));
const OBSERVED = new URL('./observed.ts', import.meta.url).href;

export async function observe(args: string[], settings: Record<string, string>): Promise<Observed> {
  const begun = performance.now();
  const child = spawn(process.execPath, ['--import', OBSERVED, MAIN, ...args], {
    env: { PATH: process.env.PATH, ...settings },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [, out, err, told] = child.stdio;
  const [code, stdout, stderr, lines] = await Promise.all([
    ended,
    text(out as NodeJS.ReadableStream),
    text(err as NodeJS.ReadableStream),
    text(told as NodeJS.ReadableStream),
  ]);
  const time = performance.now() - begun;
  const modules: string[] = [];
  const used = { megabytes: 0, cpu: 0 };
  for (const line of lines.split('\n').filter((line) => line !== '')) {
    const one = JSON.parse(line) as { module: string } | typeof used;
    if (!('module' in one)) Object.assign(used, one);
    else if (!one.module.startsWith('node:')) modules.push(one.module);
  }
  return { code, stdout, stderr, modules, ...used, time };
}
