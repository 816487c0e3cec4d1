/** Writes the results of a push for each ref (gitprotocol-pack(5), "Report Status"). */
import { visibleLine } from '../../text/hidden.ts';
import { bytesOfText, FLUSH, textPacket, writePackets } from './pkt-line.ts';

export type RefResult = { ref: string; ok: true } | { ref: string; ok: false; reason: string };

export interface Report {
  /** Why the pack could not be read; null if it could. */
  unpackError: string | null;
  refs: RefResult[];
}

/**
 * Writes each reason on one line, because clients expect one line per ref. Escapes control characters, because git prints
 * reasons unchanged on the terminal.
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
