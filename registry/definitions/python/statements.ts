/** Reads statements as a small typed tree, built from the nodes of the grammar. */

import { argumentsOf } from './arguments.ts';
import { child, type Node, nameOf, textOf } from './node.ts';

interface StatementBase {
  readonly node: Node;
}

/** `import a.b as c` has no `module`. `from ..a import b as c` has `module: 'a'` and `level: 2`. */
export interface ImportStatement extends StatementBase {
  readonly kind: 'import';
  readonly module: string | null;
  /** The number of leading dots of a relative import. */
  readonly level: number;
  /** `name` is dotted in `import a.b`. `bound` is the name that the import binds (`*` for a star import). */
  readonly names: readonly { name: string; bound: string; node: Node }[];
}

export interface ClassStatement extends StatementBase {
  readonly kind: 'class';
  readonly name: string;
  readonly nameNode: Node;
  /** The positional arguments of the class statement. */
  readonly bases: readonly Node[];
  readonly decorators: readonly Node[];
  readonly body: readonly Statement[];
}

export interface FunctionStatement extends StatementBase {
  readonly kind: 'function';
  readonly name: string;
  readonly nameNode: Node;
  readonly parameters: readonly string[];
  readonly decorators: readonly Node[];
  readonly body: readonly Statement[];
}

/** `a = b = value`, `a: T` or `a: T = value`. A tuple as a target consists of several expressions. */
export interface AssignStatement extends StatementBase {
  readonly kind: 'assign';
  /** One entry for each `=`. In `a, b = 1, 2`, the one entry has two nodes. */
  readonly targets: readonly (readonly Node[])[];
  readonly annotation: Node | null;
  /**
   * The value is null for an annotation without a value. The value has several nodes if it is a tuple without brackets.
   */
  readonly value: readonly Node[] | null;
}

/** `a += value` */
export interface UpdateStatement extends StatementBase {
  readonly kind: 'update';
  readonly target: Node | null;
}

export interface ExpressionStatement extends StatementBase {
  readonly kind: 'expression';
  readonly value: Node | null;
}

/**
 * `if`, `for`, `while`, `try`, `with` or `match`: a statement with bodies that may not run, or may run several times.
 */
export interface BlockStatement extends StatementBase {
  readonly kind: 'block';
  readonly bodies: readonly (readonly Statement[])[];
}

/** `return`, `raise`, `pass`, `del`, `global`, `type X = …`, or a statement that could not be parsed. */
export interface OtherStatement extends StatementBase {
  readonly kind: 'other';
}

export type Statement =
  | ImportStatement
  | ClassStatement
  | FunctionStatement
  | AssignStatement
  | UpdateStatement
  | ExpressionStatement
  | BlockStatement
  | OtherStatement;

export function statementsOf(parent: Node, text: string): Statement[] {
  return parent.children.flatMap((node) =>
    node.type === 'StatementGroup'
      ? statementsOf(node, text)
      : /Statement$|Definition$|^⚠$/.test(node.type)
        ? [readStatement(node, text)]
        : [],
  );
}

function readStatement(node: Node, text: string): Statement {
  switch (node.type) {
    case 'ImportStatement':
      return readImport(node, text);
    case 'DecoratedStatement':
      return readDecorated(node, text);
    case 'ClassDefinition':
      return readClass(node, node, [], text);
    case 'FunctionDefinition':
      return readFunction(node, node, [], text);
    case 'AssignStatement':
      return readAssign(node, text);
    case 'UpdateStatement':
      return { kind: 'update', node, target: node.children[0] ?? null };
    case 'ExpressionStatement':
      return {
        kind: 'expression',
        node,
        value: node.children.length === 1 ? (node.children[0] ?? null) : null,
      };
    case 'IfStatement':
    case 'WhileStatement':
    case 'ForStatement':
    case 'TryStatement':
    case 'WithStatement':
      return { kind: 'block', node, bodies: bodiesOf(node, text) };
    case 'MatchStatement':
      return {
        kind: 'block',
        node,
        bodies: (child(node, 'MatchBody')?.children ?? []).flatMap((one) => bodiesOf(one, text)),
      };
    default:
      return { kind: 'other', node };
  }
}

function bodiesOf(node: Node, text: string): Statement[][] {
  return node.children.filter((one) => one.type === 'Body').map((body) => statementsOf(body, text));
}

/** Reads the node of an import statement. */
export function readImport(node: Node, text: string): ImportStatement {
  const isFrom = node.children[0]?.type === 'from';
  const split = isFrom ? node.children.findIndex((one) => one.type === 'import') : 0;
  const origin = isFrom ? node.children.slice(1, split < 0 ? undefined : split) : [];
  const names: { name: string; bound: string; node: Node }[] = [];
  let parts: Node[] = [];
  let alias: Node | undefined;
  const flush = (): void => {
    const [first, last] = [parts[0], parts.at(-1)];
    if (first && last) {
      const name = parts.map((part) => nameOf(part, text)).join('.');
      const bound = alias ? nameOf(alias, text) : isFrom ? name : nameOf(first, text);
      names.push({ name, bound, node: { ...first, to: last.to, children: parts } });
    }
    parts = [];
    alias = undefined;
  };
  let afterAs = false;
  for (const one of split < 0 ? [] : node.children.slice(split + 1)) {
    if (one.type === ',') flush();
    if (one.type === '*') names.push({ name: '*', bound: '*', node: one });
    if (one.type === 'VariableName' && afterAs) alias = one;
    else if (one.type === 'VariableName') parts.push(one);
    afterAs = one.type === 'as';
  }
  flush();
  const module = origin.filter((one) => one.type === 'VariableName');
  const firstName = origin.findIndex((one) => one.type === 'VariableName');
  const dots = origin.slice(0, firstName < 0 ? undefined : firstName);
  return {
    kind: 'import',
    node,
    module: module.length > 0 ? module.map((one) => nameOf(one, text)).join('.') : null,
    level: dots.reduce((sum, one) => sum + textOf(one, text).length, 0),
    names,
  };
}

function readDecorated(node: Node, text: string): Statement {
  const decorators = node.children.filter((one) => one.type === 'Decorator');
  const inner = child(node, 'ClassDefinition', 'FunctionDefinition');
  if (inner?.type === 'ClassDefinition') return readClass(inner, node, decorators, text);
  if (inner) return readFunction(inner, node, decorators, text);
  return { kind: 'other', node };
}

function readClass(inner: Node, node: Node, decorators: Node[], text: string): Statement {
  const nameNode = child(inner, 'VariableName');
  if (!nameNode) return { kind: 'other', node };
  const args = child(inner, 'ArgList');
  return {
    kind: 'class',
    node,
    name: nameOf(nameNode, text),
    nameNode,
    bases: args ? argumentsOf(args, text).positional : [],
    decorators,
    body: bodiesOf(inner, text).flat(),
  };
}

function readFunction(inner: Node, node: Node, decorators: Node[], text: string): Statement {
  const nameNode = child(inner, 'VariableName');
  if (!nameNode) return { kind: 'other', node };
  return {
    kind: 'function',
    node,
    name: nameOf(nameNode, text),
    nameNode,
    parameters: parameterNodes(inner).map((one) => nameOf(one, text)),
    decorators,
    body: bodiesOf(inner, text).flat(),
  };
}

/** The names that the parameter list of a function or lambda binds. */
export function parameterNodes(node: Node): Node[] {
  const list = child(node, 'ParamList')?.children ?? [];
  return list.filter((one, at) => one.type === 'VariableName' && list[at - 1]?.type !== 'AssignOp');
}

/** Reads the node of an assignment. */
export function readAssign(node: Node, text: string): AssignStatement {
  const sides: Node[][] = [[]];
  let annotation: Node | null = null;
  let assigned = false;
  for (const one of node.children) {
    if (one.type === 'AssignOp') {
      sides.push([]);
      assigned = true;
    } else if (one.type === 'TypeDef') {
      annotation = one.children.at(-1) ?? null;
    } else if (one.type !== ',' && textOf(one, text) !== '*') {
      sides.at(-1)?.push(one);
    }
  }
  const value = assigned ? (sides.pop() ?? null) : null;
  return { kind: 'assign', node, targets: sides, annotation, value };
}
