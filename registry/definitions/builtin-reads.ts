/**
 * Finds the places where a name can refer to a built-in. At such a place, no enclosing function binds the name, and
 * neither the class nor the module has certainly bound it (Python reference, "Resolution of names").
 */

import { Bound } from './flow.ts';
import type { Scope } from './python/scope.ts';
import { type Read, readsOf } from './python/symbols.ts';
import { child, type Module, type Node, nameOf, statementsOf, walk } from './syntax.ts';

export interface BuiltinRead {
  readonly name: string;
  readonly node: Node;
  /** Whether the module binds the name too, but only in some runs or after this place. */
  readonly rebound: boolean;
}

/** The places where these names can refer to a built-in, in document order. */
export function builtinReads(module: Module, names: ReadonlySet<string>): BuiltinRead[] {
  const { root, text, statements } = module;
  const reads = readsOf(root, text, names);
  if (reads.length === 0) return [];
  // A name that is deleted somewhere can be unbound at any place, because loops and functions run code again.
  const deleted = deletedIn(root, text);
  const flows = new Map<string, Bound>();
  const flowOf = (name: string): Bound => {
    const flow = flows.get(name) ?? new Bound(name, text);
    flows.set(name, flow);
    return flow;
  };
  const whenRun = runs();
  const bodies = new Map<Node, typeof statements>();
  const bodyAround = (node: Node): typeof statements => {
    const body = classBody(node);
    const known = bodies.get(body) ?? statementsOf(body, text);
    bodies.set(body, known);
    return known;
  };
  const reaches = ({ name, node, scope }: Read): boolean => {
    const own = ownerOf(scope, name);
    if (own === 'function') return false;
    if (deleted.has(name)) return true;
    if (own === 'class' && flowOf(name).before(bodyAround(node), node.from)) return false;
    return !flowOf(name).before(statements, whenRun(node));
  };
  return reads.filter(reaches).map(({ name, node, scope }) => {
    const rebound = moduleOf(scope).names.get(name)?.bound === true;
    return { name, node, rebound };
  });
}

/**
 * The kind of scope in which Python looks the name up. A name in a class body is looked up in the class, then in the
 * module; enclosing functions are skipped.
 */
function ownerOf(scope: Scope, name: string): 'function' | 'class' | 'module' {
  // Annotations and type parameters can see the names of their class.
  let innermost = true;
  for (let at: Scope | null = scope; at?.parent; at = at.parent) {
    const use = at.names.get(name);
    if (use?.global) return 'module';
    if (at.kind === 'class') {
      if (innermost && use?.bound) return 'class';
    } else if (!use?.nonlocal && (use?.parameter || use?.bound)) return 'function';
    innermost &&= at.kind === 'annotation' || at.kind === 'types';
  }
  return 'module';
}

function moduleOf(scope: Scope): Scope {
  return scope.parent ? moduleOf(scope.parent) : scope;
}

function classBody(node: Node): Node {
  let at = node;
  while (at.parent && !(at.type === 'Body' && at.parent.type === 'ClassDefinition')) at = at.parent;
  return at;
}

/**
 * Returns a function that tells how far the module has certainly run when it reaches a place. Code in a function can
 * run as soon as the function is defined. If other function definitions directly follow, they have run by then too,
 * because no call can come in between.
 */
function runs(): (node: Node) => number {
  const ends = new Map<Node, number>();
  return (node) => {
    let outermost: Node | undefined;
    for (let at: Node | null = node; at; at = at.parent)
      if (at.type === 'Body' && at.parent?.type === 'FunctionDefinition') outermost = at.parent;
    if (!outermost || outermost.parent?.type === 'DecoratedStatement') return node.from;
    const known = ends.get(outermost);
    if (known !== undefined) return known;
    const together = [outermost];
    for (let next = after(outermost); next && isPlain(next); next = after(next))
      together.push(next);
    const { to } = together.at(-1) as Node;
    for (const one of together) ends.set(one, to);
    return to;
  };
}

function after({ parent, index }: Node): Node | undefined {
  return parent?.children[index + 1];
}

/** Whether Python runs no other code while it defines the function. */
function isPlain(node: Node): boolean {
  if (node.type !== 'FunctionDefinition' || node.parent?.type === 'DecoratedStatement')
    return false;
  const parameters = child(node, 'ParamList')?.children ?? [];
  return ![...parameters, ...node.children].some(({ type }) => /^(?:AssignOp|TypeDef)$/.test(type));
}

/**
 * The names in `del` statements, and the names of exception handlers, which Python deletes at the end of the handler.
 */
function deletedIn(root: Node, text: string): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (node: Node): void => {
    if (node.type === 'VariableName') found.add(nameOf(node, text));
    else if (/^(?:Tuple|Array|Parenthesized)Expression$/.test(node.type))
      node.children.forEach(add);
  };
  walk(root, (node) => {
    if (node.type === 'DeleteStatement') node.children.forEach(add);
    if (node.type === 'TryStatement')
      for (const [at, one] of node.children.entries())
        if (node.children[at - 1]?.type === 'as') add(one);
    return true;
  });
  return found;
}
