/** The entries of a raw tree object (git's "mode name NUL id", repeated). */
export interface TreeEntry {
  mode: string;
  /** Bytes, because git allows any name. */
  name: Buffer;
  oid: string;
}

/** Reads a tree that fsck has accepted. */
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
