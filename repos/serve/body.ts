/** Reads request bodies: checks their type, decodes them and enforces limits of size and time. */
import { finished, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { WireError } from '../wire/errors.ts';
import { FLUSH, type Packet, readPacket } from '../wire/pkt-line.ts';
import { RequestRefused } from './answer.ts';
import { PATIENCE_MS, paced, TooSlow } from './pace.ts';

export interface Body {
  body: Readable;
  contentType: string | undefined;
  contentEncoding: string | undefined;
  /** How long the server waits for the sender, in milliseconds (pace.ts). */
  patience?: number;
}

/** Throws RequestRefused (415) if the content type is not the one of the service. */
export function checkContentType(service: string, contentType: string | undefined): void {
  const expected = `application/x-${service}-request`;
  if (contentType !== expected)
    throw new RequestRefused(415, `the content type must be ${expected}`);
}

/** Returns the decoded body. Throws RequestRefused (415) if `Content-Encoding` is unknown. */
export function decoded({ body, contentEncoding = 'identity' }: Body): Readable {
  const encoding = contentEncoding.trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return body;
  if (encoding !== 'gzip' && encoding !== 'x-gzip')
    throw new RequestRefused(415, 'the content encoding must be gzip or none');
  // Does not use `pipeline`, which would close the socket if the body is not gzip, so that the client would get no
  // answer.
  const inflated = createGunzip();
  finished(body, { writable: false }, (error) => {
    if (error) inflated.destroy(error);
  });
  return body.pipe(inflated);
}

/**
 * Yields the chunks of a body. If the caller stops early, the stream stays open, so that an answer can still be sent.
 * Throws RequestRefused with 400 if the body is not gzip, and with 408 if it arrives too slowly.
 */
export async function* chunksOf(stream: Readable, patience?: number): AsyncGenerator<Buffer> {
  try {
    yield* paced(stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>, patience);
  } catch (cause) {
    if (cause instanceof TooSlow)
      throw new RequestRefused(408, 'the request arrives too slowly', { cause });
    const code = (cause as NodeJS.ErrnoException).code;
    if (code?.startsWith('Z_')) throw new RequestRefused(400, 'the body is not gzip', { cause });
    throw cause;
  }
}

/**
 * Reads and drops the rest of the body, because the client reads the response only after it has sent everything. Closes
 * the connection of a client that sends more than `limit` bytes, or too slowly.
 */
export function passOver({ body, patience }: Body, limit: number): void {
  endsWithin(limit, chunksOf(body, patience)).then(
    (ended) => {
      if (!ended) body.destroy();
    },
    () => body.destroy(),
  );
}

/** Reads and drops chunks, up to `limit` bytes. Returns whether it reached the end. */
export async function endsWithin(limit: number, chunks: AsyncIterable<Buffer>): Promise<boolean> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) return false;
  }
  return true;
}

/**
 * Reads the whole body. Throws RequestRefused with 413 if the body has more than `limit` bytes, and throws as
 * `chunksOf` does.
 */
export async function readWhole(
  stream: Readable,
  limit: number,
  patience?: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(stream, patience)) {
    size += chunk.length;
    if (size > limit) throw new RequestRefused(413, `the request is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Like `readWhole`, for a body that is too short to be paced: it must arrive whole within `patience`. Costs much less
 * than `readWhole`, whose generators need about 20 µs.
 */
export function readShort(
  stream: Readable,
  limit: number,
  patience = PATIENCE_MS,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  // A refused request may end without a further event, and the timer would keep its chunks.
  const fail = (error: Error) => {
    clearTimeout(late);
    reject(error);
  };
  const late = setTimeout(
    () => fail(new RequestRefused(408, 'the request arrives too slowly')),
    patience,
  );
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else fail(new RequestRefused(413, `the request is larger than ${limit} bytes`));
  });
  stream.once('end', () => {
    clearTimeout(late);
    resolve(Buffer.concat(chunks));
  });
  stream.once('error', fail);
  return promise;
}

/** Reads packets from a stream, and then the bytes after them. */
export class PacketSource {
  #chunks: AsyncGenerator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(stream: Readable, patience?: number) {
    this.#chunks = chunksOf(stream, patience);
  }

  /**
   * Returns the packets before the next flush packet, or undefined at the end of the stream. Throws RequestRefused (413)
   * after `limit` bytes, and WireError if the stream ends before the flush packet.
   */
  async packetsToFlush(limit: number): Promise<Packet[] | undefined> {
    const packets: Packet[] = [];
    let taken = 0;
    for (;;) {
      const read = readPacket(this.#held, 0);
      if (read === undefined) {
        const { done, value } = await this.#chunks.next();
        if (!done) this.#held = Buffer.concat([this.#held, value]);
        else if (packets.length === 0 && this.#held.length === 0) return undefined;
        else throw new WireError('the request ends before its flush packet');
        continue;
      }
      this.#held = this.#held.subarray(read.end);
      if (read.packet === FLUSH) return packets;
      packets.push(read.packet);
      taken += read.end;
      if (taken > limit) throw new RequestRefused(413, 'the request lists too much');
    }
  }

  /** Yields all bytes after the packets that were read. */
  async *rest(): AsyncGenerator<Buffer> {
    if (this.#held.length > 0) yield this.#held;
    this.#held = Buffer.alloc(0);
    for (;;) {
      const { done, value } = await this.#chunks.next();
      if (done) return;
      yield value;
    }
  }
}
