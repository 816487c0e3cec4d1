/** An entry of a raw tree object, in which git stores mode, name, NUL and id of each entry. */
export interface TreeEntry {
  mode: string;
  /** Bytes, because git allows names that are not UTF-8. */
  name: Buffer;
  oid: string;
}

/** Yields the entries of a tree. Git's fsck must have accepted the tree before. */
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
