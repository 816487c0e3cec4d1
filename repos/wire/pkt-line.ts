/**
 * Reads and writes packets: a length of four hexadecimal digits, then the data (gitprotocol-common(5), "pkt-line Format").
 */
import { WireError } from './errors.ts';

export const FLUSH = '0000';
export const DELIMITER = '0001';
export const RESPONSE_END = '0002';

/** The data of an ordinary packet, or one of the three packets without data. */
export type Packet = Buffer | typeof FLUSH | typeof DELIMITER | typeof RESPONSE_END;

/** The most bytes of data in one packet. */
export const MAX_DATA = 65_516;

const SPECIAL = [FLUSH, DELIMITER, RESPONSE_END] as const;

export function writePacket(packet: Packet): Buffer {
  if (typeof packet === 'string') return Buffer.from(packet, 'latin1');
  if (packet.length > MAX_DATA) throw new RangeError('a packet can have at most 65516 bytes');
  const length = (packet.length + 4).toString(16).padStart(4, '0');
  return Buffer.concat([Buffer.from(length, 'latin1'), packet]);
}

export function writePackets(packets: Iterable<Packet>): Buffer {
  return Buffer.concat(Array.from(packets, writePacket));
}

/** Makes a packet of a text and a final newline, as git does. */
export function textPacket(text: string): Buffer {
  return Buffer.from(`${text}\n`, 'utf8');
}

/**
 * Reads the packet that starts at `at`. Returns undefined if more bytes are needed. Throws WireError if the bytes are not
 * the beginning of a packet.
 */
export function readPacket(bytes: Buffer, at: number): { packet: Packet; end: number } | undefined {
  if (bytes.length < at + 4) return undefined;
  const digits = bytes.toString('latin1', at, at + 4);
  if (!/^[0-9a-f]{4}$/i.test(digits)) throw new WireError('bad packet length');
  const length = Number.parseInt(digits, 16);
  const special = SPECIAL[length];
  if (special !== undefined) return { packet: special, end: at + 4 };
  if (length < 4 || length > MAX_DATA + 4) throw new WireError('bad packet length');
  if (bytes.length < at + length) return undefined;
  return { packet: bytes.subarray(at + 4, at + length), end: at + length };
}

/** Reads all packets of a complete message. Throws WireError if the message ends within a packet. */
export function readPackets(bytes: Buffer): Packet[] {
  const packets: Packet[] = [];
  let at = 0;
  while (at < bytes.length) {
    const read = readPacket(bytes, at);
    if (read === undefined) throw new WireError('the message ends within a packet');
    packets.push(read.packet);
    at = read.end;
  }
  return packets;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes a packet as UTF-8, without its final newline. Throws WireError for invalid UTF-8. */
export function packetText(data: Buffer): string {
  let text: string;
  try {
    text = utf8.decode(data);
  } catch {
    throw new WireError('a line is not UTF-8');
  }
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

/**
 * Decodes a packet with any bytes, without its final newline. Each byte that is not valid UTF-8 becomes a lone surrogate:
 * U+DC80 for 0x80, as in Python's `surrogateescape`. `bytesOfText` reverses this.
 */
export function anyText(data: Buffer): string {
  const line = data.at(-1) === 0x0a ? data.subarray(0, -1) : data;
  const text = line.toString('utf8');
  if (Buffer.from(text).equals(line)) return text;
  let escaped = '';
  for (let at = 0; at < line.length; ) {
    const length = [1, 2, 3, 4].find((size) => isCharacter(line.subarray(at, at + size)));
    escaped +=
      length === undefined
        ? String.fromCharCode(0xdc00 + (line[at] as number))
        : line.toString('utf8', at, at + length);
    at += length ?? 1;
  }
  return escaped;
}

const isCharacter = (bytes: Buffer): boolean =>
  [...bytes.toString('utf8')].length === 1 && Buffer.from(bytes.toString('utf8')).equals(bytes);

/** Returns the original bytes of a text from `anyText`. */
export function bytesOfText(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  return Buffer.concat(
    Array.from(text, (character) => {
      const code = character.charCodeAt(0);
      const isByte = character.length === 1 && code >= 0xdc80 && code <= 0xdcff;
      return isByte ? Buffer.of(code - 0xdc00) : Buffer.from(character);
    }),
  );
}
