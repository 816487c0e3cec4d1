/**
 * Finds expressions that cannot be assigned to or deleted, as `_PyPegen_get_invalid_target` of CPython's Parser/ does.
 * The wording is that of `_PyPegen_get_expr_name`.
 */

import type { Node } from './node.ts';

/** CPython's name for an expression that cannot be a target, by node type. */
const NAMES: Record<string, string> = {
  Number: 'literal',
  String: 'literal',
  ContinuedString: 'literal',
  FormatString: 'f-string expression',
  Boolean: 'True or False',
  None: 'None',
  Ellipsis: 'ellipsis',
  CallExpression: 'function call',
  BinaryExpression: 'expression',
  UnaryExpression: 'expression',
  ConditionalExpression: 'conditional expression',
  LambdaExpression: 'lambda',
  AwaitExpression: 'await expression',
  YieldExpression: 'yield expression',
  NamedExpression: 'named expression',
  DictionaryExpression: 'dict literal',
  SetExpression: 'set display',
  ComprehensionExpression: 'generator expression',
  ArrayComprehensionExpression: 'list comprehension',
  SetComprehensionExpression: 'set comprehension',
  DictionaryComprehensionExpression: 'dict comprehension',
};

/** The error for the first of these nodes that cannot be a target, in CPython's wording. */
export function targetFault(
  nodes: readonly Node[],
  what: 'assign to' | 'delete',
  text: string,
): { node: Node; message: string } | null {
  for (const [at, node] of nodes.entries()) {
    if (/^[,()[\]]$/.test(node.type)) continue;
    if (node.type === '*') {
      if (what === 'delete') return { node, message: 'cannot delete starred' };
      continue;
    }
    const fault = faultOf(node, what, text, nodes[at - 1]?.type === '*');
    if (fault) return fault;
  }
  return null;
}

function faultOf(node: Node, what: 'assign to' | 'delete', text: string, isStarred: boolean) {
  if (node.type === 'VariableName' || node.type === 'MemberExpression') return null;
  if (node.type === 'TupleExpression' || node.type === 'ArrayExpression')
    return targetFault(node.children, what, text);
  if (node.type === 'ParenthesizedExpression') return targetFault(node.children, what, text);
  const comparison =
    node.type === 'BinaryExpression' &&
    node.children.some(({ type }) => /^(?:CompareOp|in|is|not)$/.test(type));
  const named = comparison ? 'comparison' : (NAMES[node.type] ?? 'expression');
  return { node, message: `cannot ${what} ${isStarred ? 'starred ' : ''}${named}` };
}
