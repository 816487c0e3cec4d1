/** Which names one top-level statement binds in its module, reads from it, and touches at import. */
import type { SyntaxNode } from '@lezer/common';
import { boundName, readImport } from './imports.ts';

type ScopeKind = 'module' | 'class' | 'function';

interface Scope {
  kind: ScopeKind;
  binds: Set<string>;
  uses: Set<string>;
}

/** Reads one statement of a module; the three sets hold what was found. */
export class StatementReader {
  readonly binds = new Set<string>();
  readonly uses = new Set<string>();
  readonly touches = new Set<string>();
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  read(statement: SyntaxNode): void {
    this.#visit(statement, { kind: 'module', binds: this.binds, uses: this.uses });
  }

  #visit(node: SyntaxNode, scope: Scope): void {
    switch (node.name) {
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
        break;
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
      case 'ExpressionStatement':
        if (scope.kind === 'module') this.#touchCalls(node);
        break;
    }
    this.#visitAll(node, scope);
  }

  #visitAll(node: SyntaxNode, scope: Scope): void {
    for (let child = node.firstChild; child; child = child.nextSibling) this.#visit(child, scope);
  }

  #import(node: SyntaxNode, scope: Scope): void {
    const statement = readImport(node, this.#text, false);
    for (const clause of statement.clauses) {
      const name = boundName(statement, clause);
      if (name !== null) this.#bind(name, scope);
    }
  }

  /** Defaults and annotations are read outside; what the body binds hides the module's names in it. */
  #function(node: SyntaxNode, outer: Scope): void {
    const inner: Scope = { kind: 'function', binds: new Set(), uses: new Set() };
    const globals = new Set<string>();
    const name = node.name === 'FunctionDefinition' ? node.getChild('VariableName') : null;
    if (name) this.#bind(this.#of(name), outer);
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.name === 'ParamList') this.#parameters(child, outer, inner);
      else if (child.name === 'TypeDef') this.#visit(child, outer);
      else if (child.from !== name?.from) this.#visit(child, inner);
    }
    collectGlobals(node, this.#text, globals);
    for (const used of inner.uses) {
      if (globals.has(used) || !inner.binds.has(used)) outer.uses.add(used);
    }
    for (const used of globals) outer.uses.add(used);
  }

  #parameters(list: SyntaxNode, outer: Scope, inner: Scope): void {
    let isDefault = false;
    for (let child = list.firstChild; child; child = child.nextSibling) {
      if (child.name === 'VariableName' && !isDefault) inner.binds.add(this.#of(child));
      else this.#visit(child, outer);
      isDefault = child.name === 'AssignOp';
    }
  }

  #class(node: SyntaxNode, outer: Scope): void {
    const name = node.getChild('VariableName');
    if (name) this.#bind(this.#of(name), outer);
    const inner: Scope = { kind: 'class', binds: new Set(), uses: outer.uses };
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.from !== name?.from) this.#visit(child, child.name === 'Body' ? inner : outer);
    }
  }

  /** All groups but the last of `a = b = value` are targets. */
  #assign(node: SyntaxNode, scope: Scope): void {
    let last = -1;
    for (const op of node.getChildren('AssignOp')) last = op.from;
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.name === 'TypeDef') this.#visit(child, scope);
      else if (child.from < last || last < 0) this.#target(child, scope);
      else this.#visit(child, scope);
    }
  }

  #change(node: SyntaxNode, scope: Scope): void {
    for (let child = node.firstChild; child; child = child.nextSibling) {
      const isTarget = node.name === 'DeleteStatement' || child.from === node.firstChild?.from;
      if (isTarget) this.#target(child, scope);
      this.#visit(child, scope);
    }
  }

  #targetsBetween(node: SyntaxNode, open: string, close: string, scope: Scope): void {
    let inside = false;
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.name === open) inside = true;
      else if (child.name === close) inside = false;
      else if (inside) this.#target(child, scope);
      else this.#visit(child, scope);
    }
  }

  #targetsAfterAs(node: SyntaxNode, scope: Scope): void {
    let isTarget = false;
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (isTarget) this.#target(child, scope);
      else this.#visit(child, scope);
      isTarget = child.name === 'as';
    }
  }

  #targetThen(node: SyntaxNode, scope: Scope): void {
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.from === node.from) this.#target(child, scope);
      else this.#visit(child, scope);
    }
  }

  #bindIn(node: SyntaxNode, scope: Scope): void {
    const name = node.getChild('VariableName');
    if (name) this.#bind(this.#of(name), scope);
  }

  #withoutKeywords(list: SyntaxNode, scope: Scope): void {
    for (let child = list.firstChild; child; child = child.nextSibling) {
      const isKeyword =
        child.name === 'VariableName' &&
        (list.name === 'KeywordPattern' || child.nextSibling?.name === 'AssignOp');
      if (!isKeyword) this.#visit(child, scope);
    }
  }

  /** Names in a quoted annotation (PEP 484, forward references) are read as well. */
  #annotation(node: SyntaxNode, scope: Scope): void {
    const strings = (inner: SyntaxNode): void => {
      if (inner.name === 'String') {
        for (const name of this.#of(inner).match(/[^\W\d]\w*/gu) ?? []) scope.uses.add(name);
      }
      for (let child = inner.firstChild; child; child = child.nextSibling) strings(child);
    };
    strings(node);
    this.#visitAll(node, scope);
  }

  #target(node: SyntaxNode, scope: Scope): void {
    if (node.name === 'VariableName') this.#bind(this.#of(node), scope);
    else if (/^(Tuple|Array|Parenthesized)Expression$/.test(node.name)) {
      for (let child = node.firstChild; child; child = child.nextSibling)
        this.#target(child, scope);
    } else if (node.name === 'MemberExpression') {
      const root = rootName(node);
      if (root && scope.kind === 'module') this.touches.add(this.#of(root));
      this.#visit(node, scope);
    } else this.#visit(node, scope);
  }

  /** A bare call acts on what it is called upon and on what it is given. */
  #touchCalls(node: SyntaxNode): void {
    if (node.name === 'VariableName') this.touches.add(this.#of(node));
    if (node.name === 'LambdaExpression') return;
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.nextSibling?.name !== 'AssignOp') this.#touchCalls(child);
    }
  }

  #bind(name: string, scope: Scope): void {
    scope.binds.add(name);
  }

  #of(node: SyntaxNode): string {
    return this.#text.slice(node.from, node.to);
  }
}

/** The `x` of `x.a[0].b(…)`. */
export function rootName(node: SyntaxNode): SyntaxNode | null {
  let at: SyntaxNode | null = node;
  while (at && (at.name === 'MemberExpression' || at.name === 'CallExpression')) at = at.firstChild;
  return at?.name === 'VariableName' ? at : null;
}

/** Names declared `global` anywhere below a node. */
export function collectGlobals(node: SyntaxNode, text: string, into: Set<string>): void {
  if (node.name === 'ScopeStatement' && node.firstChild?.name === 'global') {
    for (const name of node.getChildren('VariableName')) into.add(text.slice(name.from, name.to));
  }
  for (let child = node.firstChild; child; child = child.nextSibling) {
    collectGlobals(child, text, into);
  }
}
