/** Measures the registry and its floor alternately. A floor is what a figure of the registry is compared with. */
import { type Comparison, compare, type Pair } from './statistics.ts';

/** One line of the table. */
export interface Figure extends Comparison {
  /** What is measured, and the floor that it is compared with. */
  name: string;
  floor: string;
  unit: 'ms' | 'MB' | 'files';
  /** The number of items per measured time, for example definitions per import. The default is 1. */
  of?: number;
  /** The upper limit for the median of the ratios. */
  goal?: number;
  /** The upper limit for the registry's median, in the unit. */
  limit?: number;
  /** Set if many clients ask at once. The ratio of a load is the ratio of the rates, and has a lower limit. */
  load?: Load;
  atLeast?: number;
  /** Set if the floor is the registry itself with fewer definitions. */
  growth?: { what: string; definitions: number };
}

/** The results of a load by many clients. `p50` and `p99` of such a figure are the times of a single client. */
export interface Load {
  perSecond: Pair;
  /** Milliseconds of the server's CPU time per script; 0 if unknown. */
  cpu: Pair;
  /** The share of a core that the load generator used to ask the floor. */
  ownLoad: number;
  /** The longest stall of the registry's event loop and of an idle Node's, in milliseconds. */
  stall: Pair;
}

/** Runs one round, and returns its time or its memory. The preparation of a round is not counted. */
export type Measure = (round: number) => Promise<number>;

/**
 * Measures the registry and the floor once as an uncounted warm-up, then alternately. Every round changes which of the
 * two is measured first. With zero rounds the warm-up counts, which shows that both measurements work.
 */
export async function inTurn(rounds: number, ours: Measure, floor: Measure): Promise<Comparison> {
  const pairs: Pair[] = [];
  for (let round = 0; round <= rounds; round++) {
    const pair: Pair = { ours: 0, floor: 0 };
    const sides = [['ours', ours] as const, ['floor', floor] as const];
    for (const [side, measure] of round % 2 === 0 ? sides : sides.toReversed()) {
      pair[side] = await measure(round);
    }
    if (round > 0 || rounds === 0) pairs.push(pair);
  }
  return compare(pairs);
}

/** Returns how long `work` takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
