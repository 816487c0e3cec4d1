/**
 * Texts that many answers share, stored one after the other in one buffer. So an answer needs only a few pieces of this
 * buffer.
 */
export interface Run {
  /** The texts from number `from` up to, but not including, number `to`. They are not copied. */
  between(from: number, to: number): Buffer;
}

export function runOf(texts: readonly Buffer[]): Run {
  const bytes = Buffer.concat(texts);
  const starts = [0];
  for (const { length } of texts) starts.push((starts.at(-1) as number) + length);
  return { between: (from, to) => bytes.subarray(starts[from], starts[to]) };
}
