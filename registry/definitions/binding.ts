/** Finds where the names of a module get their values. */

import { child, type Node, nameOf, walk } from './syntax.ts';

/** Whether this name is assigned or defined here, rather than read. */
export function binds(node: Node): boolean {
  const { parent } = node;
  if (!parent) return false;
  switch (parent.type) {
    case 'FunctionDefinition':
    case 'ClassDefinition':
    case 'TypeParam':
    case 'CapturePattern':
      return child(parent, 'VariableName') === node;
    case 'ParamList':
      return before(node)?.type !== 'AssignOp';
    case 'AssignStatement':
      return isTarget(parent, node, 'AssignOp');
    case 'ForStatement':
      return isTarget(parent, node, 'in');
    case 'WithStatement':
    case 'TryStatement':
    case 'AsPattern':
      return before(node)?.type === 'as';
    default:
      return false;
  }
}

const ends = new WeakMap<Node, number>();

/** Whether the child is to the left of an assignment's last `=`, or of a loop's `in`. */
function isTarget(statement: Node, node: Node, sign: 'AssignOp' | 'in'): boolean {
  let end = ends.get(statement);
  if (end === undefined) {
    const isSign = (one: Node): boolean => one.type === sign;
    const { children } = statement;
    end = sign === 'in' ? children.findIndex(isSign) : children.findLastIndex(isSign);
    ends.set(statement, end);
  }
  return node.index < end;
}

function before(node: Node): Node | undefined {
  return node.parent?.children[node.index - 1];
}

/** The expression that each name is bound to; null unless exactly one plain assignment binds the name. */
export type Bindings = ReadonlyMap<string, Node | null>;

/** The names that this module, class or function binds itself, without those of inner scopes. */
export function bindingsIn(scope: Node, text: string): Bindings {
  const found = new Map<string, Node | null>();
  const add = (name: string, value: Node | null): void => {
    found.set(name, found.has(name) ? null : value);
  };
  walk(scope, (node) => {
    if (node.type === 'VariableName' && node.parent !== scope && binds(node))
      add(nameOf(node, text), plainValue(node));
    if (node.type === 'ParamList' && node.parent === scope)
      for (const one of node.children)
        if (one.type === 'VariableName') add(nameOf(one, text), null);
    if (node.type === 'UpdateStatement' && node.children[0]?.type === 'VariableName')
      add(nameOf(node.children[0], text), null);
    if (node === scope) return true;
    if (!/^(?:FunctionDefinition|ClassDefinition|LambdaExpression)$/.test(node.type)) return true;
    const name = child(node, 'VariableName');
    if (name && node.type !== 'LambdaExpression') add(nameOf(name, text), null);
    return false;
  });
  return found;
}

function plainValue({ parent, index }: Node): Node | null {
  if (parent?.type !== 'AssignStatement') return null;
  const [before, after] = [parent.children[index - 1], parent.children[index + 1]];
  const isAlone = before === undefined || before.type === 'AssignOp';
  const isPlain = isAlone && (after?.type === 'AssignOp' || after?.type === 'TypeDef');
  return isPlain && parent.children.at(-2)?.type === 'AssignOp'
    ? (parent.children.at(-1) ?? null)
    : null;
}
