/** The nodes of a tree of Python source, and functions to traverse it. */

/** A node of the grammar; `from` and `to` are offsets in UTF-16 code units, `to` exclusive. */
export interface Node {
  readonly type: string;
  readonly from: number;
  readonly to: number;
  readonly parent: Node | null;
  /** Its index among the children of its parent. */
  readonly index: number;
  /** Named tokens and nodes in order, without comments. */
  readonly children: readonly Node[];
}

/** The text that a node covers. */
export function textOf(node: Node, text: string): string {
  return text.slice(node.from, node.to);
}

/**
 * The identifier of a node as Python compares it: in normal form KC (PEP 3131), so `ｏs` is `os`. Use it for
 * every name that is looked up, compared or shown; the node keeps the place of the original spelling.
 */
export function nameOf(node: Node, text: string): string {
  const written = textOf(node, text);
  return /^[\0-\x7f]*$/.test(written) ? written : written.normalize('NFKC');
}

/** The first child of one of these types. */
export function child(node: Node, ...types: string[]): Node | undefined {
  return node.children.find((one) => types.includes(one.type));
}

/**
 * Visits a node and its descendants in document order; if `enter` returns false, the descendants are skipped.
 */
export function walk(node: Node, enter: (node: Node) => boolean | undefined): void {
  const pending = [node];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (enter(next) === false) continue;
    for (let at = next.children.length - 1; at >= 0; at--) pending.push(next.children[at] as Node);
  }
}
