/** Writes valid and broken packs of every kind (gitformat-pack(5)). */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

export type Kind = 'commit' | 'tree' | 'blob' | 'tag';
const CODES: Record<Kind, number> = { commit: 1, tree: 2, blob: 3, tag: 4 };

export interface Whole {
  kind: Kind;
  bytes: Buffer;
}
/** A delta that names its base by offset or by id. */
export interface Delta {
  base: number;
  by: 'offset' | 'id';
  delta: Buffer;
}
export type PackEntry = Whole | Delta;

export const whole = (kind: Kind, content: string | Buffer): Whole => ({
  kind,
  bytes: Buffer.from(content as Buffer),
});

export const idOf = ({ kind, bytes }: Whole): string =>
  createHash('sha1').update(`${kind} ${bytes.length}\0`).update(bytes).digest('hex');

/** Encodes a number in base 128, lowest byte first. */
function little(value: number): number[] {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function entryHead(code: number, size: number): Buffer {
  const first = (code << 4) | (size & 0x0f);
  const rest = size >>> 4;
  return Buffer.from(rest === 0 ? [first] : [first | 0x80, ...little(rest)]);
}

function distance(value: number): Buffer {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift(0x80 | (--rest & 0x7f));
  return Buffer.from(bytes);
}

/** A delta that copies the beginning of `base` and adds `text`. */
export function appending(base: Buffer, text: string): Buffer {
  const added = Buffer.from(text);
  const copied = base.length;
  const copy = [0x80 | 0x01 | 0x10 | 0x20, 0, copied & 0xff, copied >> 8];
  return Buffer.from([
    ...little(copied),
    ...little(copied + added.length),
    ...(copied > 0 ? copy : []),
    added.length,
    ...added,
  ]);
}

export interface Flaws {
  /** The number of objects that the header announces. */
  count?: number;
  version?: number;
  /** The header of the first entry states this size instead of the true one. */
  size?: number;
  level?: number;
  after?: Buffer;
}

export function packFrom(entries: readonly PackEntry[], flaws: Flaws = {}): Buffer {
  const { count = entries.length, version = 2, level = 6, after = Buffer.alloc(0) } = flaws;
  const header = Buffer.from('PACK\0\0\0\0\0\0\0\0', 'latin1');
  header.writeUInt32BE(version, 4);
  header.writeUInt32BE(count, 8);
  const parts: Buffer[] = [header];
  const offsets: number[] = [];
  let at = header.length;
  for (const [n, entry] of entries.entries()) {
    offsets.push(at);
    const content = 'kind' in entry ? entry.bytes : entry.delta;
    const size = n === 0 ? (flaws.size ?? content.length) : content.length;
    const head = [];
    if ('kind' in entry) head.push(entryHead(CODES[entry.kind], size));
    else if (entry.by === 'offset')
      head.push(entryHead(6, size), distance(at - (offsets[entry.base] as number)));
    else head.push(entryHead(7, size), Buffer.from(idOf(entries[entry.base] as Whole), 'hex'));
    const bytes = Buffer.concat([...head, deflateSync(content, { level })]);
    parts.push(bytes);
    at += bytes.length;
  }
  return sealed(Buffer.concat([...parts, after]));
}

/** Appends the checksum. */
export const sealed = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, createHash('sha1').update(bytes).digest()]);
