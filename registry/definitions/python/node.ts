/** The nodes of the syntax tree of a Python text, and functions to go through them. */

/** A node of the grammar. `from` and `to` are offsets in UTF-16 code units, `to` is exclusive. */
export interface Node {
  readonly type: string;
  readonly from: number;
  readonly to: number;
  readonly parent: Node | null;
  /** The index of the node among the children of its parent. */
  readonly index: number;
  /** The nodes and named tokens inside the node, in order and without comments. */
  readonly children: readonly Node[];
}

/** The text of a node. */
export function textOf(node: Node, text: string): string {
  return text.slice(node.from, node.to);
}

/**
 * The identifier of a node as Python compares it, in normal form NFKC (PEP 3131): `ｏs` is `os`. Use this function for
 * every name that is looked up, compared or shown. The offsets of the node refer to the original spelling.
 */
export function nameOf(node: Node, text: string): string {
  const written = textOf(node, text);
  return /^[\0-\x7f]*$/.test(written) ? written : written.normalize('NFKC');
}

/** The first child that has one of these types. */
export function child(node: Node, ...types: string[]): Node | undefined {
  return node.children.find((one) => types.includes(one.type));
}

/**
 * Calls `enter` for a node and its descendants in document order. If `enter` returns false, the descendants are
 * skipped.
 */
export function walk(node: Node, enter: (node: Node) => boolean | undefined): void {
  const pending = [node];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (enter(next) === false) continue;
    for (let at = next.children.length - 1; at >= 0; at--) pending.push(next.children[at] as Node);
  }
}
