import { MAX_DATA, writePacket } from './pkt-line.ts';

export const Band = { data: 1, progress: 2, error: 3 } as const;
export type Band = (typeof Band)[keyof typeof Band];

/** Writes bytes to a band, in as many packets as needed. */
export function writeSideBand(band: Band, bytes: Buffer): Buffer {
  const packets: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += MAX_DATA - 1) {
    const piece = bytes.subarray(at, at + MAX_DATA - 1);
    packets.push(writePacket(Buffer.concat([Buffer.of(band), piece])));
  }
  return Buffer.concat(packets);
}
