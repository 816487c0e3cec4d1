/** Parses an HTTP answer from bytes with as little work as possible. Pure. */

export interface Answer {
  status: number;
  /** Whether the server will close the connection after this answer. */
  isLast: boolean;
  body: Buffer;
}

/** Returns the answer, or undefined while bytes are missing. Throws if there are more bytes than one answer. */
export function readAnswer(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  const isLast = /\r\nconnection: *close/i.test(head);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const stop = end + 4 + Number(length);
    if (bytes.length < stop) return undefined;
    if (bytes.length > stop) throw new Error('there are bytes after the answer');
    return { status, isLast, body: bytes.subarray(end + 4) };
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) throw new Error(`no length: ${head}`);
  const body = readChunks(bytes, end + 4);
  return body && { status, isLast, body };
}

/** Parses chunked transfer coding (RFC 9112, section 7.1). */
function readChunks(bytes: Buffer, from: number): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = from; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    const next = line + 2 + size + 2;
    if (!(next <= bytes.length)) return undefined;
    if (size === 0) {
      if (next < bytes.length) throw new Error('there are bytes after the answer');
      return Buffer.concat(chunks);
    }
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    at = next;
  }
}
