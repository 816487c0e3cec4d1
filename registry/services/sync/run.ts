/**
 * Texts that many answers share, stored one after the other in memory, so that an answer consists of a few pieces of
 * it.
 */
export interface Run {
  /** The texts between two positions, without copying them. */
  between(from: number, to: number): Buffer;
}

export function runOf(texts: readonly Buffer[]): Run {
  const bytes = Buffer.concat(texts);
  const starts = [0];
  for (const { length } of texts) starts.push((starts.at(-1) as number) + length);
  return { between: (from, to) => bytes.subarray(starts[from], starts[to]) };
}
