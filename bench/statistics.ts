/** Statistics of measured times. Pure. */

/** Two times measured directly after each other, so that the load of the machine is the same. */
export interface Pair {
  ours: number;
  floor: number;
}

export interface Spread {
  min: number;
  median: number;
  max: number;
}

export interface Comparison {
  rounds: number;
  /** The registry's time divided by the floor's, for each pair. */
  ratio: Spread;
  p50: Pair;
  p99: Pair;
}

/** Returns the quantile at `share` (0 to 1) by the nearest-rank method. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  const value = sorted[rank - 1];
  if (value === undefined) throw new RangeError('a quantile needs at least one value');
  return value;
}

export function compare(pairs: readonly Pair[]): Comparison {
  const ratios = pairs.map(({ ours, floor }) => ours / floor);
  const at = (share: number): Pair => ({
    ours: quantile(
      pairs.map(({ ours }) => ours),
      share,
    ),
    floor: quantile(
      pairs.map(({ floor }) => floor),
      share,
    ),
  });
  return {
    rounds: pairs.length,
    ratio: { min: quantile(ratios, 0), median: quantile(ratios, 0.5), max: quantile(ratios, 1) },
    p50: at(0.5),
    p99: at(0.99),
  };
}
