/** The text of a commit, which need not be UTF-8 (git-commit(1), "Discussion"). */

/** What WHATWG's labels call otherwise than everybody else: its `iso-8859-1` is Windows-1252. */
const LATIN1 = /^(iso[-_]?8859-1|latin-?1|l1)$/i;

/**
 * Decodes all of it, authors and message, by its `encoding` header. Where that names nothing known, or is absent and
 * the bytes are not UTF-8, they are Latin-1, as git itself assumes when it writes a commit (commit.c, `verify_utf8`).
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
    // An unknown label (RangeError), or bytes that are none of its characters (TypeError).
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}
