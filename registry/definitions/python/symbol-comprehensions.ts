/**
 * Records the names of comprehensions and assignment expressions (symtable_handle_comprehension,
 * symtable_extend_namedexpr_scope).
 */

import { type Node, nameOf } from './node.ts';
import type { Scope } from './scope.ts';
import { type Comprehension, comprehensionOf } from './shapes.ts';
import { SymbolTable } from './symbol-table.ts';

export abstract class ComprehensionSymbols extends SymbolTable {
  protected comprehension({ kind, elements, loops }: Comprehension): void {
    const [first, ...more] = loops;
    this.#iterable(first.iterable);
    const what = kind === 'generator' ? 'generator expression' : `${kind} comprehension`;
    this.within(
      'comprehension',
      () => {
        this.#loopTargets(first.targets);
        this.all(first.conditions);
        for (const loop of more) {
          this.#loopTargets(loop.targets);
          this.#iterable(loop.iterable);
          this.all(loop.conditions);
        }
        this.all(elements);
      },
      what,
    );
  }

  #iterable(node: Node): void {
    const scope = this.scope;
    const before = scope.iterating;
    scope.iterating = true;
    this.visit(node);
    scope.iterating = before;
  }

  #loopTargets(nodes: readonly Node[]): void {
    for (const node of nodes) {
      if (node.type === 'VariableName') this.#loopTarget(node);
      else if (/^(?:Tuple|Array|Parenthesized)Expression$/.test(node.type))
        this.#loopTargets(node.children);
      else if (node.children.length > 0) this.visit(node);
    }
  }

  #loopTarget(node: Node): void {
    const name = nameOf(node, this.text);
    const use = this.scope.of(name);
    if (use.global || use.nonlocal)
      this.fail(
        node,
        `comprehension inner loop cannot rebind assignment expression target '${name}'`,
      );
    use.bound = true;
    use.loop = true;
  }

  protected named(target: Node, value: Node): void {
    this.refuseInAnnotation(target, 'named expression');
    if (this.scope.iterating)
      this.fail(
        target,
        'assignment expression cannot be used in a comprehension iterable expression',
      );
    if (this.scope.kind === 'comprehension') this.#bindOutside(target);
    this.visit(value);
    if (this.scope.kind !== 'comprehension') this.bindName(target);
  }

  /** Binds the name of an assignment expression in a comprehension. Such a name belongs to the enclosing function. */
  #bindOutside(target: Node): void {
    const name = nameOf(target, this.text);
    let at = this.scope as Scope;
    for (; at.kind === 'comprehension' && at.parent; at = at.parent) {
      if (at.names.get(name)?.loop)
        this.fail(
          target,
          `assignment expression cannot rebind comprehension iteration variable '${name}'`,
        );
    }
    const within = 'assignment expression within a comprehension cannot be used in';
    if (at.kind === 'class') this.fail(target, `${within} a class body`);
    else if (at.kind === 'annotation' || at.kind === 'types')
      this.fail(target, `${within} ${at.what}`);
    this.scope.of(name).nonlocal = target;
    at.of(name).bound = true;
  }

  protected refuseInAnnotation(node: Node, what: string): void {
    const { kind, what: place } = this.scope;
    if (kind === 'annotation' || kind === 'types')
      this.fail(node, `${what} cannot be used within ${place}`);
  }

  protected arguments(node: Node): void {
    const comprehension = comprehensionOf(node);
    if (comprehension) {
      this.comprehension(comprehension);
      return;
    }
    const { children } = node;
    for (const [at, one] of children.entries()) {
      const sign = children[at + 1];
      if (one.type === 'AssignOp' || sign?.type !== 'AssignOp') {
        if (children[at - 1]?.type !== 'AssignOp' || !this.#isWalrus(children[at - 1]))
          this.visit(one);
      } else if (this.#isWalrus(sign)) this.named(one, children[at + 2] as Node);
    }
  }

  #isWalrus(sign: Node | undefined): boolean {
    return sign !== undefined && this.text[sign.from] === ':';
  }
}
