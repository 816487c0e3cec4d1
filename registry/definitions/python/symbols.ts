/** Finds the errors of CPython's symbol table (Python/symtable.c), which are about names and their scopes. */

import type { Fault } from './faults.ts';
import { type Node, nameOf } from './node.ts';
import { enclosing, type Scope } from './scope.ts';
import { comprehensionOf } from './shapes.ts';
import { DefinitionSymbols } from './symbol-definitions.ts';

/** The first error; null if there is none. */
export function symbolFault(root: Node, text: string): Fault | null {
  const symbols = new Symbols(text);
  symbols.run(root);
  return symbols.fault;
}

/** A place where a name is read, and the scope of that place. */
export interface Read {
  readonly name: string;
  readonly node: Node;
  readonly scope: Scope;
}

/**
 * Every place where one of `names` is read, in document order. The scopes are complete: the whole module has been read.
 */
export function readsOf(root: Node, text: string, names: ReadonlySet<string>): Read[] {
  const reads: Read[] = [];
  const symbols = new Symbols(text, (read) => {
    if (names.has(read.name)) reads.push(read);
  });
  symbols.run(root);
  return reads;
}

class Symbols extends DefinitionSymbols {
  readonly #onRead: (read: Read) => void;
  /** `nonlocal` statements. These statements can be checked only when the whole module has been read. */
  readonly #nonlocals: { scope: Scope; name: Node }[] = [];

  constructor(text: string, onRead: (read: Read) => void = () => {}) {
    super(text);
    this.#onRead = onRead;
  }

  run(root: Node): void {
    this.all(root.children);
    for (const { scope, name } of this.#nonlocals) this.#checkNonlocal(scope, name);
  }

  readonly #visitors: Record<string, (node: Node) => void> = {
    VariableName: (node) => this.#read(node),
    FunctionDefinition: (node) => this.function(node),
    LambdaExpression: (node) => this.lambda(node),
    ClassDefinition: (node) => this.class(node),
    TypeDefinition: (node) => this.alias(node),
    Decorator: (node) => this.#decorator(node),
    AssignStatement: (node) => this.#assign(node),
    UpdateStatement: (node) => this.#update(node),
    ForStatement: (node) => this.#for(node),
    DeleteStatement: (node) => this.bind(node.children.slice(1)),
    ImportStatement: (node) => this.#import(node),
    ScopeStatement: (node) => this.#declare(node),
    NamedExpression: ({ children }) => this.named(children[0] as Node, children[2] as Node),
    ArgList: (node) => this.arguments(node),
    AsPattern: (node) => this.#capture(node),
    CapturePattern: (node) => this.#capture(node),
    KeywordPattern: (node) => this.visit(node.children[1] as Node),
    YieldExpression: (node) => this.#yield(node),
    YieldStatement: (node) => this.#yield(node),
    AwaitExpression: (node) => this.#await(node),
    TryStatement: (node) => this.#aliased(node),
    WithStatement: (node) => this.#aliased(node),
  };

  protected override visit(node: Node): void {
    const visitor = this.#visitors[node.type];
    const comprehension = visitor ? null : comprehensionOf(node);
    if (visitor) visitor(node);
    else if (comprehension) this.comprehension(comprehension);
    else this.all(node.children);
  }

  #read(node: Node): void {
    const name = nameOf(node, this.text);
    this.scope.of(name).used = true;
    this.#onRead({ name, node, scope: this.scope });
  }

  /** Visits a decorator. Only the first part of a dotted name is a name of the module. */
  #decorator({ children }: Node): void {
    for (const [at, part] of children.entries())
      if (part.type !== 'VariableName' || at === 1) this.visit(part);
  }

  #assign(node: Node): void {
    const { children } = node;
    const last = children.findLastIndex(({ type }) => type === 'AssignOp');
    const annotation = children.find(({ type }) => type === 'TypeDef');
    if (annotation) this.#annotated(children[0] as Node, last >= 0);
    if (last >= 0) this.all(children.slice(last + 1));
    if (annotation) this.annotations([annotation]);
    else this.bind(children.slice(0, last));
  }

  #annotated(target: Node, hasValue: boolean): void {
    if (target.type !== 'VariableName') {
      if (hasValue || target.type !== 'ParenthesizedExpression') this.bind([target]);
      return;
    }
    const name = nameOf(target, this.text);
    const use = this.scope.of(name);
    if ((use.global || use.nonlocal) && this.scope.kind !== 'module')
      this.fail(target, `annotated name '${name}' can't be ${use.global ? 'global' : 'nonlocal'}`);
    use.annotated = true;
    use.bound = true;
  }

  /** Handles `name += …`. The statement reads the name, but CPython's symbol table does not count that as a use. */
  #update(node: Node): void {
    const target = node.children[0] as Node;
    if (target.type === 'VariableName')
      this.#onRead({ name: nameOf(target, this.text), node: target, scope: this.scope });
    this.bind([target]);
    this.all(node.children.slice(2));
  }

  #for(node: Node): void {
    const at = node.children.findIndex(({ type }) => type === 'in');
    this.bind(node.children.slice(0, at));
    this.all(node.children.slice(at + 1));
  }

  /** Binds the name or names after `as`. */
  #aliased(node: Node): void {
    for (const [at, one] of node.children.entries()) {
      const before = node.children[at - 1]?.type;
      const starred = before === '*' && node.children[at - 2]?.type === 'as';
      if (before === 'as' || starred) this.bind([one]);
      else this.visit(one);
    }
  }

  #import(node: Node): void {
    const split = node.children.findIndex(({ type }) => type === 'import');
    const isFrom = split > 0;
    for (let at = split + 1; at < node.children.length; at++) {
      const one = node.children[at] as Node;
      if (one.type === '*' && this.scope.kind !== 'module')
        this.fail(node, 'import * only allowed at module level');
      if (one.type !== 'VariableName') continue;
      while (!isFrom && node.children[at + 1]?.type === '.') at += 2;
      const renamed = node.children[at + 1]?.type === 'as';
      if (renamed) at += 2;
      this.bindName(renamed ? (node.children[at] as Node) : one);
    }
  }

  #declare(node: Node): void {
    const word = node.children[0]?.type as 'global' | 'nonlocal';
    for (const one of node.children.filter(({ type }) => type === 'VariableName')) {
      const name = nameOf(one, this.text);
      const use = this.scope.of(name);
      if (use.parameter) this.fail(node, `name '${name}' is parameter and ${word}`);
      else if (use.used) this.fail(node, `name '${name}' is used prior to ${word} declaration`);
      else if (use.annotated) this.fail(node, `annotated name '${name}' can't be ${word}`);
      else if (use.bound)
        this.fail(node, `name '${name}' is assigned to before ${word} declaration`);
      if (word === 'global') use.global = true;
      else {
        use.nonlocal = node;
        this.#nonlocals.push({ scope: this.scope, name: one });
      }
    }
  }

  #checkNonlocal(scope: Scope, node: Node): void {
    const name = nameOf(node, this.text);
    const found = enclosing(scope, name);
    if (scope.of(name).global) this.fail(node, `name '${name}' is nonlocal and global`);
    else if (scope.kind === 'module')
      this.fail(node, 'nonlocal declaration not allowed at module level');
    else if (found === null) this.fail(node, `no binding for nonlocal '${name}' found`);
    else if (found === 'type parameter')
      this.fail(node, `nonlocal binding not allowed for type parameter '${name}'`);
  }

  #capture(node: Node): void {
    for (const one of node.children) {
      if (one.type !== 'VariableName') this.visit(one);
      else if (nameOf(one, this.text) !== '_' || node.type === 'AsPattern') this.bindName(one);
    }
  }

  #yield(node: Node): void {
    this.refuseInAnnotation(node, 'yield expression');
    this.all(node.children);
    if (this.scope.kind === 'comprehension') this.fail(node, `'yield' inside ${this.scope.what}`);
  }

  #await(node: Node): void {
    this.refuseInAnnotation(node, 'await expression');
    this.all(node.children);
  }
}
