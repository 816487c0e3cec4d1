/**
 * Finds the places of one name in a module, grouped by the scope to which the variable belongs (Python reference,
 * "Naming and binding").
 */
import { child, type ImportStatement, type Node, nameOf, readImport, walk } from '../syntax.ts';

/** An import that binds the name, or that imports it under another name. */
export interface Imported {
  statement: ImportStatement;
  /** The name that the clause imports. The name means a whole module if the statement has no `from`. */
  name: string;
  bound: string;
  node: Node;
}

export class Scope {
  readonly parent: Scope | null;
  readonly kind: 'module' | 'class' | 'function' | 'comprehension';
  /** The places in this scope where the name is read or bound. */
  readonly places: { node: Node; binds: boolean }[] = [];
  readonly imports: Imported[] = [];
  /** Set if the scope declares the name `global` or `nonlocal`, so that the variable belongs to another scope. */
  declared: 'global' | 'nonlocal' | undefined;

  constructor(kind: Scope['kind'], parent: Scope | null) {
    this.kind = kind;
    this.parent = parent;
  }

  get binds(): boolean {
    return this.places.some(({ binds }) => binds);
  }
}

/** The scope to which the name at this place of `scope` belongs. */
export function ownerOf(scope: Scope, node: Node): Scope {
  const root = (at: Scope): Scope => (at.parent ? root(at.parent) : at);
  if (scope.declared === 'global') return root(scope);
  if (scope.declared !== 'nonlocal' && scope.binds && !isBefore(scope, node)) return scope;
  let at = scope.parent;
  while (at && (at.kind === 'class' || !at.binds || at.declared !== undefined)) {
    if (at.declared === 'global') return root(at);
    if (!at.parent) return at;
    at = at.parent;
  }
  return at ?? scope;
}

/**
 * Whether the name is not yet bound at this place of a class body, so that Python looks it up outside the class: `Old =
 * Old`.
 */
function isBefore(scope: Scope, node: Node): boolean {
  if (scope.kind !== 'class') return false;
  const bound = scope.places.filter(({ binds }) => binds).map((one) => one.node);
  if (bound.includes(node)) return false;
  return bound.every((one) => statementEnd(one) >= node.from);
}

function statementEnd(node: Node): number {
  let at = node;
  while (at.parent && !/Statement$|Definition$/.test(at.type)) at = at.parent;
  return /Definition$/.test(at.type) ? node.to : at.to;
}

/** The scope around a comprehension, in which `:=` binds its name. */
function around(scope: Scope): Scope {
  let at = scope;
  while (at.kind === 'comprehension' && at.parent) at = at.parent;
  return at;
}

/** All scopes of a module that contain the name. The first scope is that of the module. */
export function scopesOf(root: Node, text: string, name: string): Scope[] {
  const scopes: Scope[] = [];
  const open = (kind: Scope['kind'], parent: Scope | null): Scope => {
    const scope = new Scope(kind, parent);
    scopes.push(scope);
    return scope;
  };
  const visit = (node: Node, scope: Scope): void => {
    switch (node.type) {
      case 'VariableName':
        if (nameOf(node, text) === name && !isKeyword(node)) {
          const binds = isTarget(node);
          const owner = binds && node.parent?.type === 'NamedExpression' ? around(scope) : scope;
          owner.places.push({ node, binds });
        }
        return;
      case 'ImportStatement':
        readClauses(node, text, name, scope);
        return;
      case 'ScopeStatement': {
        const isHere = node.children.some(
          (one) => one.type === 'VariableName' && nameOf(one, text) === name,
        );
        if (isHere) scope.declared = node.children[0]?.type === 'global' ? 'global' : 'nonlocal';
        break;
      }
      case 'FunctionDefinition':
      case 'LambdaExpression':
        visitFunction(node, scope);
        return;
      case 'ClassDefinition': {
        const outer = typed(node, scope);
        const inner = open('class', outer);
        for (const one of node.children) {
          if (one.type === 'VariableName') visit(one, scope);
          else visit(one, one.type === 'Body' ? inner : outer);
        }
        return;
      }
      default:
        if (!/ComprehensionExpression$/.test(node.type)) break;
        visitComprehension(node, scope);
        return;
    }
    for (const one of node.children) visit(one, scope);
  };
  const typed = (node: Node, scope: Scope): Scope => {
    const list = child(node, 'TypeParamList');
    return list ? open('function', scope) : scope;
  };
  const visitFunction = (node: Node, scope: Scope): void => {
    const outer = typed(node, scope);
    const inner = open('function', outer);
    for (const one of node.children) {
      if (one.type === 'VariableName' && node.type === 'FunctionDefinition') visit(one, scope);
      else if (one.type === 'ParamList') visitParameters(one, outer, inner);
      else if (one.type === 'TypeDef' || one.type === 'TypeParamList') visit(one, outer);
      else visit(one, inner);
    }
  };
  /** Defaults and annotations are evaluated in the scope around the function. */
  const visitParameters = (list: Node, outer: Scope, inner: Scope): void => {
    list.children.forEach((one, at) => {
      const isParameter = one.type === 'VariableName' && list.children[at - 1]?.type !== 'AssignOp';
      visit(one, isParameter ? inner : outer);
    });
  };
  /** The first iterable is evaluated in the scope around the comprehension. */
  const visitComprehension = (node: Node, scope: Scope): void => {
    const inner = open('comprehension', scope);
    const first = node.children.findIndex(({ type }) => type === 'in');
    node.children.forEach((one, at) => {
      visit(one, at === first + 1 ? scope : inner);
    });
  };
  visit(root, open('module', null));
  return scopes;
}

function readClauses(node: Node, text: string, name: string, scope: Scope): void {
  const statement = readImport(node, text);
  for (const { name: imported, bound, node: clause } of statement.names) {
    const binds = bound === name || bound === '*';
    if (binds || imported.split('.').includes(name) || statement.module?.split('.').includes(name))
      scope.imports.push({ statement, name: imported, bound, node: clause });
    if (bound === name)
      scope.places.push({ node: boundNode(clause, node, text, name), binds: true });
  }
}

/** The token that binds the name in a clause: the last one of `a as b`, the first one of `a.b`. */
function boundNode(clause: Node, statement: Node, text: string, name: string): Node {
  const inside = statement.children.filter(
    (one) => one.type === 'VariableName' && one.from >= clause.from && nameOf(one, text) === name,
  );
  return (
    inside.find((one) => statement.children[one.index - 1]?.type === 'as') ?? inside[0] ?? clause
  );
}

/** Whether the name is written as `name=` in a call or pattern, where it names a parameter or attribute. */
function isKeyword(node: Node): boolean {
  const { parent, index } = node;
  if (parent?.type === 'KeywordPattern') return index === 0;
  return parent?.type === 'ArgList' && parent.children[index + 1]?.type === 'AssignOp';
}

const TARGETS = /^(TupleExpression|ArrayExpression|ParenthesizedExpression|SequencePattern)$/;

/** Whether the node binds the name. A binding that this function misses is renamed all the same. */
function isTarget(node: Node): boolean {
  const { parent, index } = node;
  if (!parent) return false;
  const before = parent.children[index - 1]?.type;
  switch (parent.type) {
    case 'ParamList':
      return before !== 'AssignOp';
    case 'FunctionDefinition':
    case 'ClassDefinition':
    case 'TypeDefinition':
    case 'TypeParam':
    case 'CapturePattern':
      return child(parent, 'VariableName') === node;
    case 'LambdaExpression':
      return false;
    case 'UpdateStatement':
    case 'NamedExpression':
      return index === 0;
    case 'DeleteStatement':
    case 'ScopeStatement':
      return true;
    case 'WithStatement':
    case 'TryStatement':
    case 'AsPattern':
      return before === 'as';
  }
  if (TARGETS.test(parent.type)) return isTarget(parent);
  const signs = parent.children;
  if (parent.type === 'AssignStatement')
    return (
      index < signs.findLastIndex(({ type }) => type === 'AssignOp') ||
      (signs[1]?.type === 'TypeDef' && index === 0)
    );
  if (parent.type === 'ForStatement' || /Comprehension/.test(parent.type)) {
    const opened = signs.findLastIndex((one, at) => one.type === 'for' && at < index);
    return opened >= 0 && signs.findIndex((one, at) => one.type === 'in' && at > opened) > index;
  }
  return false;
}

/** All string literals, including f-strings. */
export function stringsOf(root: Node): Node[] {
  const found: Node[] = [];
  walk(root, (node) => {
    if (/^(Format)?String$/.test(node.type)) found.push(node);
    return true;
  });
  return found;
}
