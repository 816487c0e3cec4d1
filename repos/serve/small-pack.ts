/**
 * Reads small packs (gitformat-pack(5)) in memory. Pure. Supports only packs as git clients usually send them. The
 * caller must pass unusual packs to git.
 */
import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { type ObjectType, PACK_TYPES } from '../object-text.ts';
import type { Oid } from '../types.ts';

export interface PackedObject {
  type: ObjectType;
  bytes: Buffer;
}

export interface SmallPackLimits {
  objects: number;
  /** The most bytes of all objects together, inflated. */
  bytes: number;
}

/** Bytes of the header: signature, version and number of objects. */
export const PACK_HEADER = 12;
const CHECKSUM = 20;

const TYPES: Readonly<Record<number, ObjectType>> = Object.fromEntries(
  Object.entries(PACK_TYPES).map(([type, number]) => [number, type as ObjectType]),
);
const OFFSET_DELTA = 6;
const REF_DELTA = 7;

/** Thrown within this file to give up on a pack. */
class Unusual extends Error {}

/** Reads the number of objects from the header of a pack. Returns 0 if the header is not complete. */
export const announcedObjects = (head: Buffer): number =>
  head.length < PACK_HEADER ? 0 : head.readUInt32BE(8);

/**
 * Returns the objects of a complete and sound pack, by id. Returns undefined if the pack is broken, exceeds a limit,
 * contains an object twice, or has a delta without its base before it.
 */
export function readSmallPack(
  pack: Buffer,
  limits: SmallPackLimits,
): Map<Oid, PackedObject> | undefined {
  try {
    return objectsOf(pack, limits);
  } catch (error) {
    if (error instanceof Unusual || isZlibError(error)) return undefined;
    throw error;
  }
}

function objectsOf(pack: Buffer, limits: SmallPackLimits): Map<Oid, PackedObject> {
  const end = pack.length - CHECKSUM;
  if (end < PACK_HEADER || pack.toString('latin1', 0, 4) !== 'PACK' || pack.readUInt32BE(4) !== 2)
    throw new Unusual();
  if (!sha1(pack.subarray(0, end)).equals(pack.subarray(end))) throw new Unusual();
  const count = announcedObjects(pack);
  if (count > limits.objects) throw new Unusual();
  const objects = new Map<Oid, PackedObject>();
  const byOffset = new Map<number, PackedObject>();
  const reader = new EntryReader(pack.subarray(0, end), limits.bytes);
  for (let n = 0; n < count; n += 1) {
    const { offset, type, base, bytes } = reader.next();
    let object: PackedObject;
    if (type !== undefined) object = { type, bytes };
    else {
      const from = typeof base === 'number' ? byOffset.get(base) : objects.get(base);
      if (from === undefined) throw new Unusual();
      object = { type: from.type, bytes: applyDelta(from.bytes, bytes, reader) };
    }
    const oid = idOf(object);
    if (objects.has(oid)) throw new Unusual();
    objects.set(oid, object);
    byOffset.set(offset, object);
  }
  if (!reader.isAtEnd) throw new Unusual();
  return objects;
}

type Entry = { offset: number; bytes: Buffer } & (
  | { type: ObjectType; base?: undefined }
  | { type: undefined; base: number | Oid }
);

class EntryReader {
  readonly #pack: Buffer;
  #at = PACK_HEADER;
  /** The number of bytes that may still be inflated before the limit is reached. */
  #left: number;

  constructor(pack: Buffer, most: number) {
    this.#pack = pack;
    this.#left = most;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#pack.length;
  }

  /** Counts bytes before they are allocated. */
  take(size: number): void {
    this.#left -= size;
    if (this.#left < 0) throw new Unusual();
  }

  next(): Entry {
    const offset = this.#at;
    let byte = this.#byte();
    const kind = (byte >> 4) & 7;
    let size = byte & 0x0f;
    // Gives up on sizes from 2^25 on, which exceed every limit, so the shifts cannot overflow.
    for (let shift = 4; byte & 0x80; shift += 7) {
      byte = this.#byte();
      if (shift > 18) throw new Unusual();
      size |= (byte & 0x7f) << shift;
    }
    const type = TYPES[kind];
    if (type !== undefined) return { offset, type, bytes: this.#inflate(size) };
    if (kind === OFFSET_DELTA) {
      const base = offset - this.#distance();
      return { offset, type: undefined, base, bytes: this.#inflate(size) };
    }
    if (kind !== REF_DELTA) throw new Unusual();
    const base = this.#pack.toString('hex', this.#at, this.#at + 20);
    this.#at += 20;
    return { offset, type: undefined, base, bytes: this.#inflate(size) };
  }

  /** Reads how many bytes before an offset delta its base begins: 7 bits in each byte, and 1 added before each shift. */
  #distance(): number {
    let byte = this.#byte();
    let distance = byte & 0x7f;
    while (byte & 0x80) {
      byte = this.#byte();
      distance = (distance + 1) * 128 + (byte & 0x7f);
      if (distance > this.#pack.length) throw new Unusual();
    }
    return distance;
  }

  #byte(): number {
    const byte = this.#pack[this.#at];
    if (byte === undefined) throw new Unusual();
    this.#at += 1;
    return byte;
  }

  #inflate(size: number): Buffer {
    this.take(size);
    const { buffer, engine } = inflateSync(this.#pack.subarray(this.#at), {
      info: true,
      maxOutputLength: Math.max(size, 1),
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    if (buffer.length !== size) throw new Unusual();
    this.#at += engine.bytesWritten;
    return buffer;
  }
}

/** Bytes of the shortest delta that git accepts (`DELTA_SIZE_MIN` in git's delta.h). */
const SHORTEST_DELTA = 4;

/** Makes an object from its base and a delta, which copies parts of the base and inserts new bytes. */
function applyDelta(base: Buffer, delta: Buffer, reader: EntryReader): Buffer {
  if (delta.length < SHORTEST_DELTA) throw new Unusual();
  let at = 0;
  const byte = (): number => {
    const value = delta[at];
    if (value === undefined) throw new Unusual();
    at += 1;
    return value;
  };
  const size = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const next = byte();
      if (shift > 21) throw new Unusual();
      value |= (next & 0x7f) << shift;
      if (!(next & 0x80)) return value;
    }
  };
  const little = (flags: number, bits: number): number => {
    let value = 0;
    for (let n = 0; n < bits; n += 1) if (flags & (1 << n)) value += byte() * 2 ** (8 * n);
    return value;
  };
  if (size() !== base.length) throw new Unusual();
  const length = size();
  reader.take(length);
  const result = Buffer.alloc(length);
  let to = 0;
  while (at < delta.length) {
    const command = byte();
    let from = delta;
    let start = at;
    let count = command;
    if (command & 0x80) {
      from = base;
      start = little(command, 4);
      count = little(command >> 4, 3) || 0x10000;
    } else at += count;
    if (count === 0 || start + count > from.length || to + count > length) throw new Unusual();
    from.copy(result, to, start, start + count);
    to += count;
  }
  if (to !== length) throw new Unusual();
  return result;
}

const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest();

const idOf = ({ type, bytes }: PackedObject): Oid =>
  createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');

/** Whether zlib could not read the data, or the data is longer than its header says. */
const isZlibError = (error: unknown): boolean =>
  /^(Z_|ERR_BUFFER_TOO_LARGE$)/.test((error as NodeJS.ErrnoException).code ?? '');
