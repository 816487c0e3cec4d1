/** The text of a commit, which need not be UTF-8 (git-commit(1), "Discussion"). */

/** Labels with another meaning in the WHATWG standard: its `iso-8859-1` is Windows-1252. */
const LATIN1 = /^(iso[-_]?8859-1|latin-?1|l1)$/i;

/**
 * Decodes a whole commit, authors and message, by its `encoding` header. If the header is unknown, or absent and the
 * bytes are not UTF-8, decodes as Latin-1, as git itself assumes when it writes a commit (commit.c, `verify_utf8`).
 */
export function commitText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.indexOf('\n\n');
  const head = buffer.toString('latin1', 0, end === -1 ? buffer.length : end);
  const [, label = 'utf-8'] = /^encoding (.+)$/m.exec(head) ?? [];
  return (LATIN1.test(label) ? undefined : decoded(buffer, label)) ?? buffer.toString('latin1');
}

function decoded(bytes: Buffer, label: string): string | undefined {
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    // An unknown label (RangeError), or bytes that are invalid in the encoding (TypeError).
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}
