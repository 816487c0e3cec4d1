/** Three streams in one: data, words for the user, a fatal error (gitprotocol-pack(5), "side-band-64k"). */
import { WireError } from './errors.ts';
import { FLUSH, MAX_DATA, type Packet, writePacket } from './pkt-line.ts';

export const Band = { data: 1, progress: 2, error: 3 } as const;
export type Band = (typeof Band)[keyof typeof Band];

/** `bytes` in as many packets as they need. */
export function writeSideBand(band: Band, bytes: Buffer): Buffer {
  const packets: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += MAX_DATA - 1) {
    const piece = bytes.subarray(at, at + MAX_DATA - 1);
    packets.push(writePacket(Buffer.concat([Buffer.of(band), piece])));
  }
  return Buffer.concat(packets);
}

/** What each stream said, up to the flush packet that ends them all. Throws WireError. */
export function parseSideBand(packets: Iterable<Packet>): Record<Band, Buffer> {
  const pieces: Record<Band, Buffer[]> = { 1: [], 2: [], 3: [] };
  for (const packet of packets) {
    if (packet === FLUSH) break;
    const band = typeof packet === 'string' ? undefined : packet[0];
    if (typeof packet === 'string' || (band !== 1 && band !== 2 && band !== 3))
      throw new WireError('not a side band');
    pieces[band].push(packet.subarray(1));
  }
  return { 1: Buffer.concat(pieces[1]), 2: Buffer.concat(pieces[2]), 3: Buffer.concat(pieces[3]) };
}
