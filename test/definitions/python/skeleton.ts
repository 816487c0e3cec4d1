/** Converts our syntax tree to the terms of CPython's `ast`. */

import { argumentsOf } from '../../../registry/definitions/python/arguments.ts';
import { positions } from '../../../registry/definitions/source.ts';
import {
  child,
  type Node,
  nameOf,
  parameterNodes,
  parseModule,
  readImport,
  textOf,
  walk,
} from '../../../registry/definitions/syntax.ts';
import type { Seen } from './pythons.ts';

const KINDS: Record<string, string> = {
  ClassDefinition: 'ClassDef',
  FunctionDefinition: 'FunctionDef',
  ImportStatement: 'Import',
  CallExpression: 'Call',
  MemberExpression: 'Attribute',
  AttributePattern: 'Attribute',
  LambdaExpression: 'Lambda',
  ConditionalExpression: 'IfExp',
  NamedExpression: 'NamedExpr',
  ArrayComprehensionExpression: 'ListComp',
  SetComprehensionExpression: 'SetComp',
  DictionaryComprehensionExpression: 'DictComp',
  AwaitExpression: 'Await',
  UnaryExpression: 'UnaryOp',
  BinaryExpression: 'BinOp',
  ReturnStatement: 'Return',
  AssignStatement: 'Assign',
  UpdateStatement: 'AugAssign',
  IfStatement: 'If',
  ForStatement: 'For',
  WhileStatement: 'While',
  TryStatement: 'Try',
  WithStatement: 'With',
  MatchStatement: 'Match',
  ScopeStatement: 'Global',
  DictionaryExpression: 'Dict',
  SetExpression: 'Set',
  ArrayExpression: 'List',
};

/** The nodes of a text, sorted, so that two skeletons can be compared. */
export function skeletonOf(text: string): string[] {
  const { root } = parseModule(text);
  const place = positions(text);
  const seen: Seen[] = [];
  walk(root, (node) => {
    if (node.type === 'Decorator') {
      const value = node.children.at(-1) as Node;
      const bare = value.type === 'ParenthesizedExpression' ? (value.children[1] as Node) : value;
      const { line, column } = place.at(bare.to);
      seen.push(['Decorator', line, column, 0, 0]);
      return false;
    }
    for (const [kind, from, to] of withoutNodes(node, text)) {
      const { line, column, end_line, end_column } = place.span(from, to);
      seen.push([kind, line, column, end_line, end_column]);
    }
    const kind = kindOf(node);
    if (kind === null) return true;
    const { line, column, end_line, end_column } = place.span(node.from, node.to);
    seen.push([kind, line, column, end_line, end_column, ...detailOf(node, text)]);
    return true;
  });
  return linesOf(seen);
}

/**
 * Omits nodes of `ast` that our tree does not have: `name := value` in a call, and in patterns the operators of numbers
 * and all dots but the last.
 */
function withoutNodes(
  { type, from, to, children }: Node,
  text: string,
): [string, number, number][] {
  return children.flatMap((one, at): [string, number, number][] => {
    const [before, after] = [children[at - 1], children[at + 1]];
    if (
      type === 'ArgList' &&
      one.type === 'AssignOp' &&
      textOf(one, text) === ':=' &&
      before &&
      after
    )
      return [['NamedExpr', before.from, after.to]];
    if (type === 'AttributePattern' && one.type === '.' && after && at + 2 < children.length)
      return [['Attribute', from, after.to]];
    if (type !== 'LiteralPattern' || one.type !== 'ArithOp' || !after) return [];
    return before ? [['BinOp', from, to]] : [['UnaryOp', from, after.to]];
  });
}

export function linesOf(seen: readonly Seen[]): string[] {
  return seen.map((one) => one.join(' ')).sort();
}

function kindOf(node: Node): string | null {
  const kind = KINDS[node.type] ?? null;
  const [first, second] = node.children;
  if (kind === 'Attribute') return second?.type === '[' ? 'Subscript' : kind;
  if (kind === 'BinOp') return /^(?:ArithOp|BitOp)$/.test(second?.type ?? '') ? kind : null;
  if (kind === 'Import') return first?.type === 'from' ? 'ImportFrom' : kind;
  if (kind === 'Global') return first?.type === 'nonlocal' ? 'Nonlocal' : kind;
  if (kind === 'Assign') return child(node, 'TypeDef') ? 'AnnAssign' : kind;
  return kind;
}

function detailOf(node: Node, text: string): string[] {
  const name = child(node, 'VariableName');
  switch (node.type) {
    case 'ClassDefinition': {
      const list = child(node, 'ArgList');
      const bases = list ? argumentsOf(list, text).positional : [];
      return [name ? nameOf(name, text) : '', ...bases.map(() => 'base')];
    }
    case 'FunctionDefinition':
      return [name ? nameOf(name, text) : '', ...parametersOf(node, text)];
    case 'LambdaExpression':
      return parametersOf(node, text);
    case 'ImportStatement': {
      const { module, level, names } = readImport(node, text);
      const origin = node.children[0]?.type === 'from' ? ['.'.repeat(level) + (module ?? '')] : [];
      return [...origin, ...names.map((one) => `${one.name} as ${one.bound}`)];
    }
    case 'AssignStatement': {
      if (child(node, 'TypeDef')) return [];
      return [`${node.children.filter(({ type }) => type === 'AssignOp').length} targets`];
    }
    case 'ScopeStatement':
      return node.children
        .filter(({ type }) => type === 'VariableName')
        .map((one) => nameOf(one, text));
    default:
      return [];
  }
}

function parametersOf(node: Node, text: string): string[] {
  return parameterNodes(node).map((one) => nameOf(one, text));
}
