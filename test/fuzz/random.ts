/** Random choices that a seed determines. */

export interface Random {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  pick<T>(of: readonly T[]): T;
  chance(one: number, of: number): boolean;
  bytes(count: number): Buffer;
}

/** xorshift32 (Marsaglia 2003), after mixing the seed, so that adjacent seeds differ. */
export function randomOf(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let at = 0; at < 8; at += 1) next();
  const below = (limit: number): number => next() % limit;
  return {
    below,
    pick: (of) => of[below(of.length)] as (typeof of)[number],
    chance: (one, of) => below(of) < one,
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => below(256))),
  };
}

/** Changes a few bytes: flips, cuts, doubles, inserts and replaces. */
export function mangle(random: Random, bytes: Buffer, pieces: readonly string[] = []): Buffer {
  let result = Buffer.from(bytes);
  for (let times = 1 + random.below(3); times > 0; times -= 1) {
    const at = random.below(result.length + 1);
    const length = random.below(Math.min(64, result.length - at + 1));
    const [before, part, after] = [
      result.subarray(0, at),
      result.subarray(at, at + length),
      result.subarray(at + length),
    ];
    const between = random.pick<Buffer>([
      Buffer.alloc(0),
      Buffer.concat([part, part]),
      random.bytes(1 + random.below(8)),
      Buffer.concat([Buffer.from(random.pick([...pieces, '\0'])), part]),
    ]);
    result = Buffer.concat(random.chance(1, 8) ? [before] : [before, between, after]);
  }
  return result;
}
