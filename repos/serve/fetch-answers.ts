/**
 * Answers of `git upload-pack`, computed once for equal questions. After a landing every lab computer asks
 * the same, and a git process costs some hundred times what sending its answer again does.
 */
import { Readable } from 'node:stream';
import { Kept } from '../kept.ts';
import type { GitChild } from '../types.ts';
import { RequestRefused } from './answer.ts';
import { takenInTime } from './pace.ts';

/** Larger answers are streamed to whoever asked, each from a process of its own. Bytes. */
const ANSWER_LIMIT = 4 * 1024 * 1024;
/** Of all kept answers together. Bytes. */
const KEPT_LIMIT = 64 * 1024 * 1024;

const kept = new Kept<Buffer>(KEPT_LIMIT, (answer) => answer.length);
/** Undefined for an answer that cannot be shared. */
const underway = new Map<string, Promise<Buffer | undefined>>();

interface Begun {
  begun: Buffer[];
  rest: AsyncGenerator<Buffer>;
  stdout: Readable;
}

type Collected = Begun | { whole: Buffer } | { failed: Buffer };

/**
 * What the process started by `start` answers; `key` must tell apart all questions whose answers differ.
 * Throws RequestRefused (400) where git ends without a word. `signal` ends the sending of a large answer,
 * and so does a client that stops reading; a process that others may wait for goes on.
 */
export async function fetchAnswer(
  key: string,
  start: () => GitChild,
  signal: AbortSignal,
): Promise<Readable | Buffer> {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const flight = underway.get(key);
  if (flight !== undefined) {
    const shared = await flight;
    if (shared !== undefined) return shared;
  }
  const collected = collect(key, start());
  const whole = collected.then((result) => ('whole' in result ? result.whole : undefined));
  // A failure is told below, whether or not anybody else waits for it.
  whole.catch(() => undefined);
  underway.set(key, whole);
  try {
    const result = await collected;
    if ('begun' in result) return goOn(result, signal);
    return 'whole' in result ? result.whole : result.failed;
  } finally {
    if (underway.get(key) === whole) underway.delete(key);
  }
}

/** All of an answer, or what there is of it when it turns out to be large. */
async function collect(key: string, { stdout, exit }: GitChild): Promise<Collected> {
  const begun: Buffer[] = [];
  let size = 0;
  const rest = stdout.iterator() as AsyncGenerator<Buffer>;
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    begun.push(next.value);
    size += next.value.length;
    if (size > ANSWER_LIMIT) {
      // The client sees a stream that ends early.
      exit.catch(() => undefined);
      return { begun, rest, stdout };
    }
  }
  const { code, stderr } = await exit;
  if (size === 0) throw new RequestRefused(400, stderr.trim() || 'git gave no answer');
  const answer = Buffer.concat(begun);
  if (code !== 0) return { failed: answer };
  kept.set(key, answer);
  return { whole: answer };
}

function goOn({ begun, rest, stdout }: Begun, signal: AbortSignal): Readable {
  const stream: Readable = Readable.from(
    takenInTime(pieces(), () => stream.destroy()),
    { objectMode: false },
  );
  // Ends git where the client has gone.
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
