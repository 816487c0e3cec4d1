/** Measures one row of the load table: the registry, the bare server and git's own server in turn. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { idleLoop, longestStall } from '../../test/helpers/loop.ts';
import type { Figure } from '../pairs.ts';
import { compare, type Pair, quantile } from '../statistics.ts';
import { type Exchange, type Order, type Replayed, stepFor } from './exchange.ts';
import type { Row } from './rows.ts';

export interface RowSize {
  clients: number;
  /** Repetitions of each row, after one warm-up. */
  rounds: number;
  /** How long one repetition takes. */
  seconds: number;
}

/** A server, and the requests that it receives. */
export interface Side {
  name: string;
  url: string;
  recorded: Exchange[];
  /** `Authorization` headers. The clients use these headers in turn. */
  callers: string[];
  /** The id of the process whose CPU time is measured. */
  pid?: number;
}

interface Measured extends Replayed {
  /** Milliseconds of the server's CPU time per script. */
  cpu: number;
  /** The longest stall of the registry's event loop, and of an idle Node's event loop. */
  stall: Pair;
}

export type Replay = (order: Order) => Promise<Replayed>;

/** Returns one figure for each server that the registry is compared with. With zero rounds, the warm-up counts. */
export async function measureRow(
  row: Row,
  database: string,
  { clients, rounds, seconds }: RowSize,
  replay: Replay,
  sides: { ours: Side; bare: Side; peer: Side },
): Promise<Figure[]> {
  const { keepAlive } = row;
  const found = { ours: [] as Measured[], bare: [] as Measured[], peer: [] as Measured[] };
  for (let round = 0; round <= rounds; round++) {
    const order = Object.keys(found) as (keyof typeof found)[];
    for (const side of round % 2 === 0 ? order : order.toReversed()) {
      const { url, pid, recorded, callers } = sides[side];
      const port = Number(new URL(url).port);
      const scripts = callers.map((one) => recorded.map((step) => stepFor(step, port, one)));
      const send = () => replay({ port, scripts, clients, keepAlive, seconds });
      const measured = await measure(send, pid, side === 'ours' ? url : undefined);
      report(sides[side].name, measured);
      if (round > 0 || rounds === 0) found[side].push(measured);
    }
  }
  const figure = (side: 'bare' | 'peer', atLeast?: number): Figure => ({
    name: `${row.name} (${database})`,
    floor: sides[side].name,
    unit: 'ms',
    ...(atLeast !== undefined && { atLeast }),
    ...compareLoad(found.ours, found[side]),
  });
  return [figure('bare', row.goals.bare), figure('peer', row.goals.peer)];
}

async function measure(
  send: () => Promise<Replayed>,
  pid: number | undefined,
  watched: string | undefined,
): Promise<Measured> {
  if (watched) await longestStall(watched);
  const idle = watched ? await idleLoop() : undefined;
  const before = await processorTime(pid);
  const replayed = await send();
  const cpu = ((await processorTime(pid)) - before) / replayed.scripts;
  const stall = {
    ours: watched ? await longestStall(watched) : 0,
    floor: (await idle?.()) ?? 0,
  };
  return { ...replayed, cpu, stall };
}

function report(name: string, { perSecond, p50, p99, cpu, ownLoad, stall }: Measured): void {
  const rounded = [perSecond, p50, p99, cpu].map((value) => value.toPrecision(3));
  const [rate, middle, slowest, cost] = rounded;
  const stalls = stall.ours > 0 ? `, stall ${stall.ours.toFixed(0)} ms` : '';
  process.stderr.write(
    `  ${name}: ${rate}/s, ${middle} ms, ${slowest} ms at p99, CPU ${cost} ms, generator ${ownLoad.toFixed(2)}${stalls}\n`,
  );
}

/**
 * Compares rates as ratios, repetition by repetition. Gives the longest of all stalls, and the median of all other
 * values.
 */
function compareLoad(ours: Measured[], floor: Measured[]): Omit<Figure, 'name' | 'floor' | 'unit'> {
  const medians = (of: keyof Omit<Measured, 'stall'>): Pair => ({
    ours: quantile(
      ours.map((one) => one[of]),
      0.5,
    ),
    floor: quantile(
      floor.map((one) => one[of]),
      0.5,
    ),
  });
  const pairs = ours.map((one, i) => ({
    ours: one.perSecond,
    floor: (floor[i] as Measured).perSecond,
  }));
  const { rounds, ratio } = compare(pairs);
  return {
    rounds,
    ratio,
    p50: medians('p50'),
    p99: medians('p99'),
    load: {
      perSecond: medians('perSecond'),
      cpu: medians('cpu'),
      ownLoad: medians('ownLoad').floor,
      stall: {
        ours: Math.max(...ours.map(({ stall }) => stall.ours)),
        floor: Math.max(...ours.map(({ stall }) => stall.floor)),
      },
    },
  };
}

/**
 * Milliseconds of CPU time of all threads of a process: fields 14 and 15 of proc_pid_stat(5), which are in hundredths
 * of a second.
 */
async function processorTime(pid: number | undefined): Promise<number> {
  const path = `/proc/${pid}/stat`;
  if (pid === undefined || !existsSync(path)) return 0;
  const fields = (await readFile(path, 'utf8')).replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
