/** Disconnects clients that are too slow, because each of them may occupy a git process. */

/**
 * How long the server waits for each `PACE_BYTES` of a client. At this pace, about 1 KiB per second, git is not usable.
 */
export const PATIENCE_MS = 60_000;
const PACE_BYTES = 64 * 1024;

export class TooSlow extends Error {
  readonly code = 'too_slow';
  readonly statusCode = 408;
  constructor(patience: number) {
    super(
      `The request arrives too slowly: fewer than ${PACE_BYTES} bytes in ${patience / 1000} seconds.`,
    );
    this.name = 'TooSlow';
  }
}

/**
 * Yields the chunks. Throws TooSlow if the chunks arrive too slowly. Counts only the time spent waiting for the client.
 */
export async function* paced(
  chunks: AsyncIterator<Buffer>,
  patience = PATIENCE_MS,
): AsyncGenerator<Buffer> {
  let waited = 0;
  let taken = 0;
  for (;;) {
    const begin = performance.now();
    const { done, value } = await within(chunks.next(), patience - waited, patience);
    if (done) return;
    waited += performance.now() - begin;
    taken += value.length;
    if (taken >= PACE_BYTES) {
      waited = 0;
      taken = 0;
    }
    yield value;
  }
}

async function within<T>(next: Promise<T>, ms: number, patience: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooSlow(patience)), ms);
  });
  try {
    return await Promise.race([next, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Yields the pieces, which have about 64 KiB each. Calls `left` if the reader does not take a piece in time. */
export async function* takenInTime(
  pieces: AsyncIterable<Buffer>,
  left: () => void,
): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    const timer = setTimeout(left, PATIENCE_MS);
    try {
      yield piece;
    } finally {
      clearTimeout(timer);
    }
  }
}
