/** How slow a client may be before it is left: it must not keep a git process for ever. */

/**
 * For every `PACE_BYTES` a client may keep the server waiting this long: 1 KiB a second, less than any
 * line carries on which git is of use.
 */
export const PATIENCE_MS = 60_000;
const PACE_BYTES = 64 * 1024;

export class TooSlow extends Error {
  readonly code = 'too_slow';
  readonly statusCode = 408;
  constructor(patience: number) {
    super(
      `The request comes too slowly: fewer than ${PACE_BYTES} bytes in ${patience / 1000} seconds.`,
    );
    this.name = 'TooSlow';
  }
}

/** The chunks, as long as they come fast enough. Only waiting for them counts. Throws TooSlow. */
export async function* paced(
  chunks: AsyncIterator<Buffer>,
  patience = PATIENCE_MS,
): AsyncGenerator<Buffer> {
  let waited = 0;
  let taken = 0;
  for (;;) {
    const asked = Date.now();
    const { done, value } = await within(chunks.next(), patience - waited, patience);
    if (done) return;
    waited += Date.now() - asked;
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

/** The pieces, each of at most some 64 KiB; calls `left` when one is not taken in time. */
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
