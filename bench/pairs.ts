/** Measures our time and the floor's time alternately. */
import { type Comparison, compare, type Pair } from './statistics.ts';

/** One line of the table. */
export interface Figure extends Comparison {
  /** What is measured, and the floor it is compared with. */
  name: string;
  floor: string;
  unit: 'ms' | 'MB';
  /** Number of items per measured time, for example definitions per import; 1 if absent. */
  of?: number;
  /** Upper limit for the median of the ratios. */
  goal?: number;
  /** Upper limit for our median, in the unit. */
  limit?: number;
  /** Set where many clients ask at once: the ratio is then that of the rates, with a lower limit. */
  load?: Load;
  atLeast?: number;
  /** Set where the floor is the same with fewer definitions. */
  growth?: { what: string; definitions: number };
}

/** What many clients saw; `p50` and `p99` are then the times of one of them. */
export interface Load {
  perSecond: Pair;
  /** Milliseconds of the server's processor time for each; 0 if not known. */
  cpu: Pair;
  /** The share of a core that the load generator took to ask the floor. */
  ownLoad: number;
  /** The longest stall of the registry's event loop, and of an idle Node's, in milliseconds. */
  stall: Pair;
}

/** Runs one round and returns its time, or its memory. Preparation is not counted. */
export type Measure = (round: number) => Promise<number>;

/**
 * Runs both once as an uncounted warm-up, then alternately; the order changes every round. With zero rounds
 * the warm-up counts, which shows that both work.
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

/** The duration of the work in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
