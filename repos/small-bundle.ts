/**
 * Makes one git bundle, in memory, of all versions of a repository. This process packs a small history itself, because
 * starting git costs more than packing. Git packs a larger history, with deltas.
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

/**
 * This process packs a history itself only if it has at most this many bytes, unpacked. Larger packs need deltas, which
 * this code does not make.
 */
const SMALL = 256 * 1024;
/** Git packs every history with more refs than this. */
const MOST_REFS = 100;
/** Bytes of the largest bundle that is made. */
const LARGEST = 4 * 1024 * 1024;
/**
 * The number of objects that are read at once. The size is checked after each group, before too many objects are in
 * memory.
 */
const TOGETHER = 8;
/** Bytes. Larger objects are compressed in another thread. */
const LONG = 64 * 1024;

const compress = promisify(deflate);

interface Source {
  read(oid: Oid): Promise<StoredObject>;
  /** Lets git make a bundle. */
  bundle(refs: Refs): Readable;
}

/**
 * Bundles `main` and the tags of its versions. Returns undefined if there are no versions or the bundle would be too
 * large.
 */
export async function versionsBundle(source: Source, all: Refs): Promise<Buffer | undefined> {
  const refs = new Map([...all].filter(([name]) => isVersionRef(name)));
  if (refs.size === 0) return undefined;
  const objects = await smallHistory(source, refs);
  return objects === undefined ? await collect(source.bundle(refs)) : await pack(refs, objects);
}

/** Reads every object that the refs reach. Returns undefined if the objects have more than `SMALL` bytes together. */
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

/** Type and size of an object in a pack: the first byte has four bits of the size, each further byte seven, lowest first. */
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

/** Returns undefined, and ends the stream, if the stream has more than `LARGEST` bytes. */
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
