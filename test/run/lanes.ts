/** Runs programs in parallel in a few lanes. Shows the whole output of a program when it ends. */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { secondsOfEndedChild } from './processor-time.ts';

export interface Job {
  name: string;
  command: readonly [program: string, ...args: string[]];
  /** The working folder; by default the checkout. */
  folder?: string;
  /** Variables that are added to the environment of this process. */
  environment?: Record<string, string>;
  /** The number of seconds after which the program is killed and counts as failed. */
  limit?: number;
}

export interface Ended {
  job: Job;
  code: number;
  /** Standard output and standard error, in the order of arrival. */
  output: string;
  seconds: number;
  /** The CPU time of the program and its children, in seconds. */
  processor: number;
}

const ROOT = join(import.meta.dirname, '..', '..');
const BIN = join(ROOT, 'node_modules', '.bin');

/**
 * Starts the jobs in order, at most `lanes` at a time. Returns the results of the jobs in the order in which the jobs
 * end.
 */
export async function runInLanes(lanes: number, jobs: readonly Job[]): Promise<Ended[]> {
  const waiting = [...jobs];
  const ended: Ended[] = [];
  const lane = async (): Promise<void> => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      const result = await run(job);
      const end = result.code === 0 ? '' : `\n# ${job.name} failed with exit code ${result.code}`;
      console.log(`\n# ${job.name}\n${result.output.trimEnd()}${end}`);
      ended.push(result);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return ended;
}

async function run(job: Job): Promise<Ended> {
  const [program, ...args] = job.command;
  const began = performance.now();
  const child = spawn(program, args, {
    cwd: job.folder ?? ROOT,
    env: { ...process.env, PATH: BIN + delimiter + process.env.PATH, ...job.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(job.limit && { timeout: job.limit * 1000, killSignal: 'SIGKILL' }),
  });
  let output = '';
  let processor = 0;
  child.once('exit', () => {
    processor = secondsOfEndedChild();
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal) output += `\nended by ${signal} after ${seconds(began).toFixed(0)} s\n`;
      resolve(code ?? 1);
    });
  });
  return { job, code, output, seconds: seconds(began), processor };
}

const seconds = (since: number): number => (performance.now() - since) / 1000;
