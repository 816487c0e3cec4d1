/** Reads the arguments of calls, and other comma-separated lists. */

import { type Node, nameOf, textOf } from './node.ts';

/** The arguments of a call or class statement. `starred` means that `*a` or `**k` may contain further arguments. */
export interface Arguments {
  readonly positional: readonly Node[];
  readonly keywords: ReadonlyMap<string, Node>;
  readonly starred: boolean;
}

/** Splits the `ArgList` of a call or class statement. */
export function argumentsOf(list: Node, text: string): Arguments {
  const positional: Node[] = [];
  const keywords = new Map<string, Node>();
  let starred = false;
  for (const group of groups(list.children.slice(1))) {
    const [first, second, third] = group;
    if (!first) continue;
    if (first.type === '*' || first.type === '**') starred = true;
    else if (second?.type === 'AssignOp' && third) {
      if (textOf(second, text) === '=') keywords.set(nameOf(first, text), third);
      else positional.push(third);
    } else positional.push(first);
  }
  return { positional, keywords, starred };
}

/** Splits nodes at the commas and drops brackets. */
export function groups(nodes: readonly Node[]): Node[][] {
  const found: Node[][] = [[]];
  for (const node of nodes) {
    if (node.type === ',') found.push([]);
    else if (!/^[()[\]{}⚠]$/.test(node.type)) found.at(-1)?.push(node);
  }
  return found;
}

/** The text of `a.b.c`; null if the expression contains anything besides names and dots. */
export function dottedName(node: Node, text: string): string | null {
  const parts: string[] = [];
  let at: Node | undefined = node;
  while (at?.type === 'MemberExpression' && at.children[1]?.type === '.') {
    const property: Node | undefined = at.children[2];
    if (!property) return null;
    parts.unshift(nameOf(property, text));
    at = at.children[0];
  }
  return at?.type === 'VariableName' ? [nameOf(at, text), ...parts].join('.') : null;
}
