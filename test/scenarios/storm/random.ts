/** Repeatable random choices. The same seed gives the same choices. */
export interface Random {
  /** A number from 0 to `n - 1`. */
  int(n: number): number;
  pick<T>(from: readonly T[]): T;
  chance(probability: number): boolean;
}

/** The algorithm mulberry32 by Tommy Ettinger (public domain). */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (n: number): number => Math.floor(next() * n);
  return {
    int,
    pick: (from) => from[int(from.length)] as never,
    chance: (probability) => next() < probability,
  };
}
