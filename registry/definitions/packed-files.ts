/**
 * What archives among a definition's files hold: zips (wheels, eggs and `.npz` too) and what gzip packed. Pure, and
 * bounded: of each file inside only the beginning is unpacked, except of archives in archives.
 */
import { constants, gunzipSync, inflateRawSync } from 'node:zlib';

const END = Buffer.from('PK\x05\x06', 'latin1');
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
/** Of a file's packed bytes: enough for the headers of programs. */
const BEGINNING = 512;
const MOST_ENTRIES = 1000;
const MOST_NESTED = 8 * 1024 * 1024;
const DEEPEST = 3;

export interface PackedFile {
  /** With the archive's own and a `!` between: `data.zip!lib/driver.so`. */
  path: string;
  /** What it begins with. */
  bytes: Buffer;
}

/** The files in an archive; null for one that holds more than anybody could review. Empty for what is no archive. */
export function packedFiles(path: string, bytes: Buffer, depth = 0): PackedFile[] | null {
  if (bytes.readUInt16BE(0) === 0x1f8b) {
    const name = path.replace(/\.(gz|tgz)$/i, '');
    return nested(`${path}!${name.split('/').at(-1)}`, () => gunzip(bytes), depth);
  }
  const found: PackedFile[] = [];
  const entries = entriesOf(bytes);
  if (entries === null) return null;
  for (const entry of entries) {
    const inside = `${path}!${entry.name}`;
    const start = contentOf(bytes, entry, true);
    found.push({ path: inside, bytes: start });
    if (!isArchive(start)) continue;
    const deeper = nested(inside, () => contentOf(bytes, entry, false), depth);
    if (deeper === null || found.length + deeper.length > MOST_ENTRIES) return null;
    found.push(...deeper);
  }
  return found;
}

/** Whether bytes begin as a zip or as what gzip packed. */
export function isArchive(bytes: Buffer): boolean {
  return bytes.length > 4 && (bytes.readUInt32LE(0) === LOCAL || bytes.readUInt16BE(0) === 0x1f8b);
}

function nested(path: string, unpack: () => Buffer, depth: number): PackedFile[] | null {
  if (depth === DEEPEST) return null;
  const bytes = unpack();
  const inner = isArchive(bytes) ? packedFiles(path, bytes, depth + 1) : [];
  return inner === null ? null : [{ path, bytes }, ...inner];
}

interface Entry {
  name: string;
  method: number;
  size: number;
  at: number;
}

/** By the list at a zip's end, as Python reads it: what stands before the archive moves all its places. */
function entriesOf(bytes: Buffer): Entry[] | null {
  const end = bytes.lastIndexOf(END);
  if (end < 0 || end + 22 > bytes.length) return [];
  const [size, start] = [bytes.readUInt32LE(end + 12), bytes.readUInt32LE(end + 16)];
  const moved = end - size - start;
  const found: Entry[] = [];
  for (let at = end - size; at >= 0 && at + 46 <= end && bytes.readUInt32LE(at) === ENTRY; ) {
    if (found.length === MOST_ENTRIES) return null;
    const [named, extra, comment] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field));
    const behind = at + 46 + (named as number);
    found.push({
      name: bytes.toString('utf8', at + 46, behind),
      method: bytes.readUInt16LE(at + 10),
      size: bytes.readUInt32LE(at + 20),
      at: bytes.readUInt32LE(at + 42) + moved,
    });
    at = behind + (extra as number) + (comment as number);
  }
  return found;
}

/** Of one file of a zip; empty where it is damaged, encrypted, or packed by another method. */
function contentOf(bytes: Buffer, { at, size, method }: Entry, isBeginning: boolean): Buffer {
  if (at < 0 || at + 30 > bytes.length) return Buffer.alloc(0);
  const from = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
  const packed = bytes.subarray(from, from + (isBeginning ? Math.min(size, BEGINNING) : size));
  if (method === STORED) return packed;
  return method === DEFLATED ? unpack(inflateRawSync, packed) : Buffer.alloc(0);
}

function gunzip(bytes: Buffer): Buffer {
  return unpack(gunzipSync, bytes);
}

/** What is cut off is unpacked as far as it goes; what is damaged, or larger than it may be, is empty. */
function unpack(by: typeof inflateRawSync, packed: Buffer): Buffer {
  try {
    return by(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MOST_NESTED });
  } catch {
    return Buffer.alloc(0);
  }
}
