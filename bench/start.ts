/** Measures the second start of the service, compared with processes that only open the same database. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { putDatabase } from '../test/helpers/embedded-folders.ts';
import { type Figure, inTurn } from './pairs.ts';
import { compare, type Pair } from './statistics.ts';

const MAIN = fileURLToPath(new URL('../registry/main.js', import.meta.url));
const OPEN = fileURLToPath(new URL('./open-database.ts', import.meta.url));
const OPEN_STORE = fileURLToPath(new URL('./open-store.ts', import.meta.url));

export async function measureStart(rounds: number): Promise<Figure[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-start-'));
  const memory: Pair[] = Array.from({ length: rounds + 1 }, () => ({ ours: 0, floor: 0 }));

  const start = (side: keyof Pair, command: string[]) => async (round: number) => {
    const { time, megabytes } = await startOnce(command, dataDir);
    (memory[round] as Pair)[side] = megabytes;
    return time;
  };
  try {
    await putDatabase(dataDir);
    // The first start imports the built-in definitions.
    await startOnce([MAIN, 'serve'], dataDir);
    const floor = 'opening the database alone';
    const compared = await inTurn(
      rounds,
      start('ours', [MAIN, 'serve']),
      start('floor', [OPEN, join(dataDir, 'postgres')]),
    );
    const name = 'second start';
    const figures: Figure[] = [{ name, floor, unit: 'ms', goal: 1.5, ...compared }];
    // Memory is only measured where /proc exists.
    if (existsSync('/proc/self/status')) {
      const peak = compare(memory.slice(rounds === 0 ? 0 : 1));
      figures.push({ name: 'peak memory of it', floor, unit: 'MB', ...peak });
    }
    // The object mapper's share of a start. Every program of the registry needs the object mapper to read a row.
    const throughMapper = await inTurn(
      rounds,
      start('ours', [MAIN, 'serve']),
      start('floor', [OPEN_STORE, join(dataDir, 'postgres')]),
    );
    figures.push({ name, floor: 'opening it through the ORM', unit: 'ms', ...throughMapper });
    return figures;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Starts a process, waits until it reports that it is ready (and /readyz agrees), then ends it. */
async function startOnce(
  command: string[],
  dataDir: string,
): Promise<{ time: number; megabytes: number }> {
  const begun = performance.now();
  const child = spawn(process.execPath, command, {
    env: { PATH: process.env.PATH, DATA_DIR: dataDir, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes('"ready"')) continue;
    const url = /"url":"([^"]+)"/.exec(line)?.[1];
    if (url !== undefined && !(await fetch(`${url}/readyz`)).ok) throw new Error('not ready');
    break;
  }
  const time = performance.now() - begun;
  if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended before it was ready`);
  const megabytes = await peakMemory(child.pid as number);
  child.stdout.resume();
  child.kill('SIGTERM');
  await ended;
  return { time, megabytes };
}

/** The peak memory (VmHWM of proc_pid_status(5)) in MB; 0 on systems without /proc. */
async function peakMemory(pid: number): Promise<number> {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return 0;
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(path, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}
