/** The result of a push, ref by ref (gitprotocol-pack(5), "Report Status"). */
import { visibleLine } from '../../text/hidden.ts';
import { bytesOfText, FLUSH, textPacket, writePackets } from './pkt-line.ts';

export type RefResult = { ref: string; ok: true } | { ref: string; ok: false; reason: string };

export interface Report {
  /** Null if the pack was read completely; otherwise the reason. */
  unpackError: string | null;
  refs: RefResult[];
}

/**
 * Each reason is put on one line without control characters, because clients read lines and git prints them
 * unchanged to the terminal.
 */
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
