/** Decodes the text of a commit, which may not be UTF-8 (git-commit(1), "Discussion"). */

/** Labels that `TextDecoder` must not get: in the WHATWG standard they mean Windows-1252. */
const LATIN1 = /^(iso[-_]?8859-1|latin-?1|l1)$/i;

/**
 * Decodes a whole commit (headers and message) by its `encoding` header, or as UTF-8 without one. Decodes as Latin-1 if
 * the encoding is unknown or the bytes are invalid in it. Git assumes Latin-1 too (commit.c, `verify_utf8`).
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
    // TextDecoder throws a RangeError for an unknown label, and a TypeError for bytes that are invalid in the encoding.
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}
