/** Takes times, ours and the floor's in turn. */
import { type Comparison, compare, type Pair } from './statistics.ts';

/** One line of the table. */
export interface Figure extends Comparison {
  /** What is measured, and against which floor. */
  name: string;
  floor: string;
  unit: 'ms' | 'MB';
  /** Things done in one time taken: definitions of an import. One where absent. */
  of?: number;
  /** What the median of the ratios is to stay below. */
  goal?: number;
}

/** Does one round and returns the time it took, or the memory; what it prepares is not counted. */
export type Measure = (round: number) => Promise<number>;

/**
 * Runs both once for warmth, uncounted, then in turn; whoever begins changes from round to round. With no rounds at all the
 * first one counts: it shows that both work.
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

/** Milliseconds that the work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
