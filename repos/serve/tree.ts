/** The entries of a raw tree object (git's "mode name NUL id", repeated). */
export interface TreeEntry {
  mode: string;
  /** As bytes: git lets a name be any. */
  name: Buffer;
  oid: string;
}

/** Reads a tree that fsck has found sound. */
export function* treeEntries(tree: Buffer): Generator<TreeEntry> {
  for (let at = 0; at < tree.length; ) {
    const space = tree.indexOf(0x20, at);
    const nul = tree.indexOf(0, space);
    yield {
      mode: tree.toString('latin1', at, space),
      name: tree.subarray(space + 1, nul),
      oid: tree.toString('hex', nul + 1, nul + 21),
    };
    at = nul + 21;
  }
}

/** A name for people: bytes that are not UTF-8, and control characters, as git quotes them (`caf\\351.csv`). */
export function shown(name: Buffer): string {
  const octal = (byte: number) => `\\${byte.toString(8).padStart(3, '0')}`;
  const text = name.toString('utf8');
  if (Buffer.from(text).equals(name))
    return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (control) =>
      [...Buffer.from(control)].map(octal).join(''),
    );
  return Array.from(name, (byte) =>
    byte < 0x20 || byte > 0x7e ? octal(byte) : String.fromCharCode(byte),
  ).join('');
}
