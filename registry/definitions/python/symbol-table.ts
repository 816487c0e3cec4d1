/** CPython's symbol table (Python/symtable.c) under construction: the current scope, and the names that it binds. */

import type { Fault } from './faults.ts';
import { type Node, nameOf } from './node.ts';
import { Scope, type ScopeKind } from './scope.ts';

export abstract class SymbolTable {
  fault: Fault | null = null;
  protected readonly text: string;
  protected scope = new Scope('module', null);

  constructor(text: string) {
    this.text = text;
  }

  protected abstract visit(node: Node): void;

  protected fail(node: Node, message: string): void {
    this.fault ??= { from: node.from, to: node.to, message };
  }

  protected all(nodes: readonly Node[]): void {
    for (const node of nodes) this.visit(node);
  }

  /** Calls `visit` in a new scope. */
  protected within(kind: ScopeKind, visit: () => void, what = ''): void {
    const outer = this.scope;
    this.scope = new Scope(kind, outer, what);
    visit();
    this.scope = outer;
  }

  protected bindName(node: Node): void {
    const use = this.scope.of(nameOf(node, this.text));
    use.bound = true;
  }

  /** Binds the targets of an assignment. Names in an attribute or subscript are only read. */
  protected bind(nodes: readonly Node[]): void {
    for (const node of nodes) {
      if (node.type === 'VariableName') this.bindName(node);
      else if (/^(?:Tuple|Array|Parenthesized)Expression$/.test(node.type))
        this.bind(node.children);
      else if (node.children.length > 0) this.visit(node);
    }
  }
}
