/** Finds the names that a top-level statement binds in its module, and the names that it reads from the module. */
import { child as childOf, type Node, nameOf, readImport } from '../syntax.ts';

type ScopeKind = 'module' | 'class' | 'function';

interface Scope {
  kind: ScopeKind;
  binds: Set<string>;
  uses: Set<string>;
}

/** Reads one statement of a module. The sets contain the names that the statement binds and reads. */
export class StatementReader {
  readonly binds = new Set<string>();
  readonly uses = new Set<string>();
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  read(statement: Node): void {
    this.#visit(statement, { kind: 'module', binds: this.binds, uses: this.uses });
  }

  #visit(node: Node, scope: Scope): void {
    switch (node.type) {
      case 'VariableName':
        scope.uses.add(this.#of(node));
        return;
      case 'ImportStatement':
        this.#import(node, scope);
        return;
      case 'FunctionDefinition':
      case 'LambdaExpression':
        this.#function(node, scope);
        return;
      case 'ClassDefinition':
        this.#class(node, scope);
        return;
      case 'AssignStatement':
        this.#assign(node, scope);
        return;
      case 'UpdateStatement':
      case 'DeleteStatement':
        this.#change(node, scope);
        return;
      case 'ForStatement':
        this.#targetsBetween(node, 'for', 'in', scope);
        return;
      case 'WithStatement':
      case 'TryStatement':
        this.#targetsAfterAs(node, scope);
        return;
      case 'TypeDefinition':
        this.#bindIn(node, scope);
        this.#annotation(node, scope);
        return;
      case 'NamedExpression':
        this.#targetThen(node, scope);
        return;
      case 'CapturePattern':
        this.#bindIn(node, scope);
        return;
      case 'ArgList':
      case 'KeywordPattern':
        this.#withoutKeywords(node, scope);
        return;
      case 'TypeDef':
        this.#annotation(node, scope);
        return;
    }
    this.#visitAll(node, scope);
  }

  #visitAll(node: Node, scope: Scope): void {
    for (const child of node.children) this.#visit(child, scope);
  }

  #import(node: Node, scope: Scope): void {
    for (const { bound } of readImport(node, this.#text).names) {
      if (bound !== '*') this.#bind(bound, scope);
    }
  }

  /**
   * Handles a function. Defaults and annotations are evaluated in the outer scope. Names that the body of the function
   * binds hide names of the module.
   */
  #function(node: Node, outer: Scope): void {
    const inner: Scope = { kind: 'function', binds: new Set(), uses: new Set() };
    const globals = new Set<string>();
    const name = node.type === 'FunctionDefinition' ? childOf(node, 'VariableName') : undefined;
    if (name) this.#bind(this.#of(name), outer);
    for (const child of node.children) {
      if (child.type === 'ParamList') this.#parameters(child, outer, inner);
      else if (child.type === 'TypeDef') this.#visit(child, outer);
      else if (child.from !== name?.from) this.#visit(child, inner);
    }
    collectGlobals(node, this.#text, globals);
    for (const used of inner.uses) {
      if (globals.has(used) || !inner.binds.has(used)) outer.uses.add(used);
    }
    for (const used of globals) outer.uses.add(used);
  }

  #parameters(list: Node, outer: Scope, inner: Scope): void {
    let isDefault = false;
    for (const child of list.children) {
      if (child.type === 'VariableName' && !isDefault) inner.binds.add(this.#of(child));
      else this.#visit(child, outer);
      isDefault = child.type === 'AssignOp';
    }
  }

  #class(node: Node, outer: Scope): void {
    const name = childOf(node, 'VariableName');
    if (name) this.#bind(this.#of(name), outer);
    const inner: Scope = { kind: 'class', binds: new Set(), uses: outer.uses };
    for (const child of node.children) {
      if (child.from !== name?.from) this.#visit(child, child.type === 'Body' ? inner : outer);
    }
  }

  /** Handles an assignment. In `a = b = value`, everything before the last `=` is a target. */
  #assign(node: Node, scope: Scope): void {
    let last = -1;
    for (const op of node.children.filter((one) => one.type === 'AssignOp')) last = op.from;
    for (const child of node.children) {
      if (child.type === 'TypeDef') this.#visit(child, scope);
      else if (child.from < last || last < 0) this.#target(child, scope);
      else this.#visit(child, scope);
    }
  }

  #change(node: Node, scope: Scope): void {
    for (const child of node.children) {
      const isTarget = node.type === 'DeleteStatement' || child.from === node.children[0]?.from;
      if (isTarget) this.#target(child, scope);
      this.#visit(child, scope);
    }
  }

  #targetsBetween(node: Node, open: string, close: string, scope: Scope): void {
    let inside = false;
    for (const child of node.children) {
      if (child.type === open) inside = true;
      else if (child.type === close) inside = false;
      else if (inside) this.#target(child, scope);
      else this.#visit(child, scope);
    }
  }

  #targetsAfterAs(node: Node, scope: Scope): void {
    let isTarget = false;
    for (const child of node.children) {
      if (isTarget) this.#target(child, scope);
      else this.#visit(child, scope);
      isTarget = child.type === 'as';
    }
  }

  #targetThen(node: Node, scope: Scope): void {
    for (const child of node.children) {
      if (child.from === node.from) this.#target(child, scope);
      else this.#visit(child, scope);
    }
  }

  #bindIn(node: Node, scope: Scope): void {
    const name = childOf(node, 'VariableName');
    if (name) this.#bind(this.#of(name), scope);
  }

  #withoutKeywords(list: Node, scope: Scope): void {
    for (const [i, child] of list.children.entries()) {
      const isKeyword =
        child.type === 'VariableName' &&
        (list.type === 'KeywordPattern' || list.children[i + 1]?.type === 'AssignOp');
      if (!isKeyword) this.#visit(child, scope);
    }
  }

  /** Handles an annotation. Names in a quoted annotation (PEP 484, forward references) count as read too. */
  #annotation(node: Node, scope: Scope): void {
    const strings = (inner: Node): void => {
      if (inner.type === 'String') {
        for (const name of this.#of(inner).match(/[\p{L}\p{Nl}_][\p{L}\p{N}\p{M}\p{Pc}]*/gu) ?? [])
          scope.uses.add(name);
      }
      for (const child of inner.children) strings(child);
    };
    strings(node);
    this.#visitAll(node, scope);
  }

  #target(node: Node, scope: Scope): void {
    if (node.type === 'VariableName') this.#bind(this.#of(node), scope);
    else if (/^(Tuple|Array|Parenthesized)Expression$/.test(node.type)) {
      for (const child of node.children) this.#target(child, scope);
    } else this.#visit(node, scope);
  }

  #bind(name: string, scope: Scope): void {
    scope.binds.add(name);
  }

  #of(node: Node): string {
    return nameOf(node, this.#text);
  }
}

/** The name with which an expression begins: `x` of `x.a[0].b(…)`. */
export function rootName(node: Node): Node | null {
  let at: Node | undefined = node;
  while (at && (at.type === 'MemberExpression' || at.type === 'CallExpression'))
    at = at.children[0];
  return at?.type === 'VariableName' ? at : null;
}

/** Collects the names that are declared `global` anywhere inside a node. */
export function collectGlobals(node: Node, text: string, into: Set<string>): void {
  if (node.type === 'ScopeStatement' && node.children[0]?.type === 'global') {
    for (const name of node.children.filter((one) => one.type === 'VariableName'))
      into.add(nameOf(name, text));
  }
  for (const child of node.children) {
    collectGlobals(child, text, into);
  }
}
