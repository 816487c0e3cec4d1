/** How slow a client may be before it is disconnected, so that it does not hold a git process for ever. */

/**
 * How long the server waits for each `PACE_BYTES` of a client: 1 KiB a second, slower than any connection on which git is
 * usable.
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

/** Passes the chunks on while they come fast enough. Only the time spent waiting for them counts. Throws TooSlow. */
export async function* paced(
  chunks: AsyncIterator<Buffer>,
  patience = PATIENCE_MS,
): AsyncGenerator<Buffer> {
  let waited = 0;
  let taken = 0;
  for (;;) {
    const begin = Date.now();
    const { done, value } = await within(chunks.next(), patience - waited, patience);
    if (done) return;
    waited += Date.now() - begin;
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

/** Passes the pieces on, in parts of about 64 KiB. Calls `left` if the reader does not take one in time. */
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
