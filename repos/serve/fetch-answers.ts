/**
 * Runs `git upload-pack` once for equal requests and shares its answer. After a landing every lab computer sends the same
 * request, and running git costs about a hundred times as much as sending a cached answer.
 */
import { Readable } from 'node:stream';
import type { Cache } from '../caches.ts';
import type { GitChild } from '../types.ts';
import { RequestRefused } from './answer.ts';
import { takenInTime } from './pace.ts';

/** Bytes of the largest answer that is shared. For each larger answer, a git process of its own streams it. */
const ANSWER_LIMIT = 4 * 1024 * 1024;

interface Begun {
  begun: Buffer[];
  rest: AsyncGenerator<Buffer>;
  stdout: Readable;
}

type Collected = Begun | { whole: Buffer } | { failed: Buffer };

export class FetchAnswers {
  readonly #kept: Cache<Buffer> | undefined;
  /** Answers that git is making. A promise resolves to undefined if its answer cannot be shared. */
  readonly #underway = new Map<string, Promise<Buffer | undefined>>();

  /** @param kept the cache of answers; if undefined, only simultaneous requests share an answer */
  constructor(kept: Cache<Buffer> | undefined) {
    this.#kept = kept;
  }

  /**
   * Returns the answer of the process that `start` starts. Requests with different answers must have different keys.
   *
   * A buffer may be sent again for an equal request. A stream may not be sent again: it is a large answer, or that of a
   * failed process. `signal`, or a client that stops reading, ends a large answer. A smaller answer is completed,
   * because other requests may wait for it. Throws RequestRefused (400) if git ends without an answer.
   */
  async find(key: string, start: () => GitChild, signal: AbortSignal): Promise<Readable | Buffer> {
    const known = this.#kept?.get(key);
    if (known !== undefined) return known;
    const flight = this.#underway.get(key);
    if (flight !== undefined) {
      const shared = await flight;
      if (shared !== undefined) return shared;
    }
    const collected = collect(start());
    const whole = collected.then((result) => ('whole' in result ? result.whole : undefined));
    // The error is thrown below. Without this line, the error would be an unhandled rejection if no other request
    // waits.
    whole.catch(() => undefined);
    this.#underway.set(key, whole);
    try {
      const result = await collected;
      if ('begun' in result) return goOn(result, signal);
      if ('failed' in result) return Readable.from([result.failed], { objectMode: false });
      this.#kept?.set(key, result.whole);
      return result.whole;
    } finally {
      if (this.#underway.get(key) === whole) this.#underway.delete(key);
    }
  }
}

/** Reads the whole answer. If the answer is large, reads only the beginning. */
async function collect({ stdout, exit }: GitChild): Promise<Collected> {
  const begun: Buffer[] = [];
  let size = 0;
  const rest = stdout.iterator() as AsyncGenerator<Buffer>;
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    begun.push(next.value);
    size += next.value.length;
    if (size > ANSWER_LIMIT) {
      // If git fails now, the client notices it because the stream ends early.
      exit.catch(() => undefined);
      return { begun, rest, stdout };
    }
  }
  const { code, stderr } = await exit;
  if (size === 0) throw new RequestRefused(400, stderr.trim() || 'git sent no answer');
  const answer = Buffer.concat(begun);
  return code === 0 ? { whole: answer } : { failed: answer };
}

function goOn({ begun, rest, stdout }: Begun, signal: AbortSignal): Readable {
  const stream: Readable = Readable.from(
    takenInTime(pieces(), () => stream.destroy()),
    { objectMode: false },
  );
  // Ends git if the client has disconnected.
  stream.once('close', () => stdout.destroy());
  stream.on('error', () => undefined);
  signal.addEventListener('abort', () => stream.destroy(), { once: true });
  if (signal.aborted) stream.destroy();
  return stream;

  async function* pieces() {
    for (let piece = begun.shift(); piece !== undefined; piece = begun.shift()) yield piece;
    yield* rest;
  }
}
