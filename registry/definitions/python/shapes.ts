/**
 * Reads comprehensions, parameters and statements as typed values, because the nodes of the tree have only a flat list
 * of children.
 */

import type { Node } from './node.ts';

const LOOP = new Set(['for', 'async']);

/** One loop of a comprehension: `for target in iterable if condition`. */
export interface Loop {
  readonly node: Node;
  readonly isAsync: boolean;
  readonly targets: readonly Node[];
  readonly iterable: Node;
  readonly conditions: readonly Node[];
}

export interface Comprehension {
  readonly kind: 'generator' | 'list' | 'set' | 'dict';
  /** The result of each iteration: one node, or the key and the value of a dict. */
  readonly elements: readonly Node[];
  readonly loops: readonly [Loop, ...Loop[]];
}

const KINDS: Record<string, Comprehension['kind']> = {
  ArgList: 'generator',
  ComprehensionExpression: 'generator',
  ArrayComprehensionExpression: 'list',
  SetComprehensionExpression: 'set',
  DictionaryComprehensionExpression: 'dict',
};

/** The comprehension in brackets, which may be the brackets of a call; null if there is no comprehension. */
export function comprehensionOf(node: Node): Comprehension | null {
  const kind = KINDS[node.type];
  if (kind === undefined) return null;
  const { children } = node;
  const begun = children.findIndex(({ type }) => LOOP.has(type));
  if (begun < 0) return null;
  const loops: Loop[] = [];
  for (let at = begun; at < children.length - 1; ) {
    const word = children[at] as Node;
    const isAsync = word.type === 'async';
    const first = isAsync ? at + 2 : at + 1;
    const split = children.findIndex(({ type }, place) => place >= first && type === 'in');
    const conditions: Node[] = [];
    for (at = split + 2; children[at]?.type === 'if'; at += 2)
      conditions.push(children[at + 1] as Node);
    const targets = children.slice(first, split);
    loops.push({ node: word, isAsync, targets, iterable: children[split + 1] as Node, conditions });
  }
  const elements = children.slice(1, begun).filter(({ type }) => type !== ':');
  return { kind, elements, loops: loops as [Loop, ...Loop[]] };
}

export interface Parameter {
  readonly name: Node;
  readonly annotation: Node | undefined;
  readonly value: Node | undefined;
}

export function parametersOf(definition: Node): Parameter[] {
  const list = definition.children.find(({ type }) => type === 'ParamList')?.children ?? [];
  const found: { name: Node; annotation: Node | undefined; value: Node | undefined }[] = [];
  for (const [at, node] of list.entries()) {
    const last = found.at(-1);
    if (list[at - 1]?.type === 'AssignOp') {
      if (last) last.value = node;
    } else if (node.type === 'VariableName')
      found.push({ name: node, annotation: undefined, value: undefined });
    else if (node.type === 'TypeDef' && last) last.annotation = node;
  }
  return found;
}

/** The statements of a block. Statements on the same line are separate entries. */
export function statementsIn(node: Node): Node[] {
  return node.children.flatMap((one) =>
    one.type === 'StatementGroup' ? statementsIn(one) : [one],
  );
}
