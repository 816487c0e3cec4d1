/**
 * Lists the files in archives: zips (also wheels, eggs and `.npz`), tars, and gzip files. Pure and bounded: only the
 * beginning of each inner file is unpacked, except for an archive inside an archive.
 */
import { constants, gunzipSync, inflateRawSync } from 'node:zlib';
import { isTar, tarFiles } from './tar-files.ts';

const END = Buffer.from('PK\x05\x06', 'latin1');
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
/** How many packed bytes of an inner file are read: enough for the header of a program. */
const BEGINNING = 1024;
const MOST_ENTRIES = 1000;
const MOST_NESTED = 8 * 1024 * 1024;
const DEEPEST = 3;

export interface PackedFile {
  /** The path of the archive, then `!`, then the path inside: `data.zip!lib/driver.so`. */
  path: string;
  /** The beginning of the file's content. */
  bytes: Buffer;
  /** Whether the file is encrypted, or packed by a method that is not supported. */
  isSealed?: boolean;
}

/**
 * The files in an archive. Returns an empty list if the file is not an archive, null if the archive has more files than
 * anybody could review.
 */
export function packedFiles(path: string, bytes: Buffer, depth = 0): PackedFile[] | null {
  const found: PackedFile[] = [];
  const parts = partsOf(path, bytes);
  if (parts === null) return null;
  for (const { name, isSealed, unpack } of parts) {
    const inside = `${path}!${name}`;
    const start = isSealed ? NOTHING : (unpack(BEGINNING) ?? NOTHING);
    found.push({ path: inside, bytes: start, isSealed });
    if (!isArchive(start)) continue;
    const content = depth === DEEPEST ? null : unpack(Number.POSITIVE_INFINITY);
    const deeper = content && packedFiles(inside, content, depth + 1);
    if (deeper === null || found.length + deeper.length > MOST_ENTRIES) return null;
    found.push(...deeper);
  }
  return found;
}

const NOTHING = Buffer.alloc(0);

/** Whether the bytes begin like a zip, a tar or a gzip file. */
function isArchive(bytes: Buffer): boolean {
  return bytes.length > 4 && (bytes.readUInt32LE(0) === LOCAL || isGzip(bytes) || isTar(bytes));
}

const isGzip = (bytes: Buffer): boolean => bytes.readUInt16BE(0) === 0x1f8b;

interface Part {
  name: string;
  isSealed: boolean;
  /** Unpacks up to `most` packed bytes; null if the result is too large. */
  unpack: (most: number) => Buffer | null;
}

/** The files directly in an archive; null if there are more than anybody could review. */
function partsOf(path: string, bytes: Buffer): Part[] | null {
  if (isGzip(bytes)) {
    const name =
      path
        .replace(/\.(gz|tgz)$/i, '')
        .split(/[/!]/)
        .at(-1) ?? path;
    const unpack = (most: number) => unpacked(gunzipSync, bytes.subarray(0, most));
    return [{ name, isSealed: false, unpack }];
  }
  if (isTar(bytes)) {
    const files = tarFiles(bytes, MOST_ENTRIES);
    const part = ({ name, content }: { name: string; content: Buffer }): Part => ({
      ...{ name, isSealed: false },
      unpack: (most) => content.subarray(0, most),
    });
    return files?.map(part) ?? null;
  }
  const entries = entriesOf(bytes);
  const part = (entry: Entry): Part => ({
    name: entry.name,
    isSealed: entry.isEncrypted || ![STORED, DEFLATED].includes(entry.method),
    unpack: (most) => contentOf(bytes, entry, most),
  });
  return entries?.map(part) ?? null;
}

interface Entry {
  name: string;
  method: number;
  isEncrypted: boolean;
  size: number;
  at: number;
}

/** Reads the directory at the end of a zip. Data before the archive shifts all offsets, which Python allows too. */
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
      isEncrypted: (bytes.readUInt16LE(at + 8) & 1) === 1,
      size: bytes.readUInt32LE(at + 20),
      at: bytes.readUInt32LE(at + 42) + moved,
    });
    at = behind + (extra as number) + (comment as number);
  }
  return found;
}

/**
 * Unpacks up to `most` packed bytes of a file in a zip. Returns null if the result is too large, empty if the data is
 * damaged.
 */
function contentOf(bytes: Buffer, { at, size, method }: Entry, most: number): Buffer | null {
  if (at < 0 || at + 30 > bytes.length) return NOTHING;
  const from = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
  const packed = bytes.subarray(from, from + Math.min(size, most));
  return method === STORED ? packed : unpacked(inflateRawSync, packed);
}

/**
 * Unpacks data. Truncated data is unpacked as far as possible, damaged data gives no bytes. Returns null if the result
 * is too large.
 */
function unpacked(by: typeof inflateRawSync, packed: Buffer): Buffer | null {
  try {
    return by(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MOST_NESTED });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? null : NOTHING;
  }
}
