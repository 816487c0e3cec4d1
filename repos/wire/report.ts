/** What became of a push, ref by ref (gitprotocol-pack(5), "Report Status"). */
import { visibleLine } from '../../text/hidden.ts';
import { WireError } from './errors.ts';
import {
  bytesOfText,
  FLUSH,
  packetText,
  readPackets,
  textPacket,
  writePackets,
} from './pkt-line.ts';

export type RefResult = { ref: string; ok: true } | { ref: string; ok: false; reason: string };

export interface Report {
  /** Null when the pack was read whole; otherwise why not. */
  unpackError: string | null;
  refs: RefResult[];
}

/** Reasons are put on one line, since the client reads lines, and git writes them to a terminal as they are. */
export function writeReport({ unpackError, refs }: Report): Buffer {
  const lines = refs.map((result) =>
    result.ok ? `ok ${result.ref}` : `ng ${result.ref} ${oneLine(result.reason)}`,
  );
  return writePackets([
    textPacket(`unpack ${unpackError === null ? 'ok' : oneLine(unpackError)}`),
    ...lines.map((line) => bytesOfText(`${line}\n`)),
    FLUSH,
  ]);
}

function oneLine(text: string): string {
  return visibleLine(text.replace(/\s+/g, ' ').trim());
}

/** Reads what `writeReport` writes. Throws WireError. */
export function parseReport(bytes: Buffer): Report {
  const packets = readPackets(bytes);
  if (packets.pop() !== FLUSH) throw new WireError('not a report');
  const [unpack, ...lines] = packets.map((packet) => {
    if (typeof packet === 'string') throw new WireError('not a report');
    return packetText(packet);
  });
  if (!unpack?.startsWith('unpack ')) throw new WireError('not a report');
  const result = unpack.slice('unpack '.length);
  return { unpackError: result === 'ok' ? null : result, refs: lines.map(parseResult) };
}

function parseResult(line: string): RefResult {
  const [, status, ref, reason = ''] = /^(ok|ng) (\S+)(?: (.*))?$/.exec(line) ?? [];
  if (ref === undefined) throw new WireError('not a report');
  return status === 'ok' ? { ref, ok: true } : { ref, ok: false, reason };
}
