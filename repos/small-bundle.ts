/**
 * The versions of a repository as one git bundle in memory. A small history is packed in this process, because a git
 * process costs more than its bundle; git packs larger ones, with deltas.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { deflate, deflateSync } from 'node:zlib';
import { isVersionRef } from '../text/refs.ts';
import { bundleHeader } from './bundle.ts';
import type { StoredObject } from './cat-file.ts';
import { isSubmodule, PACK_TYPES, parseCommit, parseTag, parseTree } from './object-text.ts';
import type { Oid, Refs } from './types.ts';

/** Unpacked bytes of a history that is packed here. Without deltas, a larger one would be several times larger than git's. */
const SMALL = 256 * 1024;
/** A history with more refs is left to git without a look at its objects. */
const MOST_REFS = 100;
/** Bytes of the largest bundle that is kept in memory. */
const LARGEST = 4 * 1024 * 1024;
/** Objects that are read at the same time, so that a history that is too large is noticed before much of it is in memory. */
const TOGETHER = 8;
/** A larger object is compressed in another thread. Bytes. */
const LONG = 64 * 1024;

const compress = promisify(deflate);

interface Source {
  read(oid: Oid): Promise<StoredObject>;
  /** A bundle that git makes. */
  bundle(refs: Refs): Readable;
}

/** `main` and the tags of its versions; undefined if the bundle would be too large to be kept. */
export async function versionsBundle(source: Source, all: Refs): Promise<Buffer | undefined> {
  const refs = new Map([...all].filter(([name]) => isVersionRef(name)));
  if (refs.size === 0) return undefined;
  const objects = await smallHistory(source, refs);
  return objects === undefined ? await collect(source.bundle(refs)) : await pack(refs, objects);
}

/** Every object that the refs reach; undefined if they have more than `SMALL` bytes together. */
async function smallHistory(
  source: Source,
  refs: Refs,
): Promise<ReadonlyMap<Oid, StoredObject> | undefined> {
  const found = new Map<Oid, StoredObject>();
  const seen = new Set<Oid>();
  let size = 0;
  if (refs.size > MOST_REFS) return undefined;
  let open = [...refs.values()].map(({ oid }) => oid);
  while (open.length > 0) {
    const fresh = [...new Set(open)].filter((oid) => !seen.has(oid));
    for (const oid of fresh) seen.add(oid);
    open = [];
    for (let at = 0; at < fresh.length; at += TOGETHER) {
      const read = await Promise.all(
        fresh.slice(at, at + TOGETHER).map(async (oid) => [oid, await source.read(oid)] as const),
      );
      for (const [oid, object] of read) {
        size += object.bytes.length;
        found.set(oid, object);
        open.push(...linksOf(oid, object));
      }
      if (size > SMALL) return undefined;
    }
  }
  return found;
}

function linksOf(oid: Oid, { type, bytes }: StoredObject): Oid[] {
  if (type === 'tag') return [parseTag(bytes).object];
  if (type === 'tree') {
    return parseTree(bytes).flatMap((entry) => (isSubmodule(entry.mode) ? [] : [entry.oid]));
  }
  if (type === 'blob') return [];
  const { tree, parents } = parseCommit(oid, bytes);
  return [tree, ...parents];
}

async function pack(refs: Refs, objects: ReadonlyMap<Oid, StoredObject>): Promise<Buffer> {
  const head = Buffer.alloc(12);
  head.write('PACK');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(objects.size, 8);
  const pieces: Buffer[] = [head];
  for (const { type, bytes } of objects.values()) {
    pieces.push(
      entryHead(PACK_TYPES[type], bytes.length),
      bytes.length > LONG ? await compress(bytes) : deflateSync(bytes),
    );
  }
  const content = Buffer.concat(pieces);
  const sum = createHash('sha1').update(content).digest();
  return Buffer.concat([bundleHeader(refs), content, sum]);
}

/** Type and size of an object: four bits of the size, then seven in each byte, lowest first. */
function entryHead(type: number, size: number): Buffer {
  const bytes: number[] = [];
  let left = Math.floor(size / 16);
  let byte = (type << 4) | (size & 15);
  while (left > 0) {
    bytes.push(byte | 0x80);
    byte = left & 0x7f;
    left = Math.floor(left / 128);
  }
  return Buffer.from([...bytes, byte]);
}

/** Undefined if there are more than `LARGEST` bytes; then the stream is ended. */
async function collect(stream: Readable): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > LARGEST) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
