/** The faults of CPython's symbol table (Python/symtable.c): names, and the scopes that they belong to. */

import type { Fault } from './faults.ts';
import { type Node, nameOf } from './node.ts';
import { enclosing, Scope, type ScopeKind } from './scope.ts';
import { type Comprehension, comprehensionOf, parametersOf } from './shapes.ts';

/** The first fault, or null. */
export function symbolFault(root: Node, text: string): Fault | null {
  const symbols = new Symbols(text);
  symbols.run(root);
  return symbols.fault;
}

class Symbols {
  fault: Fault | null = null;
  readonly #text: string;
  #scope = new Scope('module', null);
  /** Statements that a later look at the whole module decides on. */
  readonly #nonlocals: { scope: Scope; name: Node }[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  run(root: Node): void {
    this.#all(root.children);
    for (const { scope, name } of this.#nonlocals) this.#checkNonlocal(scope, name);
  }

  #fail(node: Node, message: string): void {
    this.fault ??= { from: node.from, to: node.to, message };
  }

  #all(nodes: readonly Node[]): void {
    for (const node of nodes) this.#visit(node);
  }

  readonly #visitors: Record<string, (node: Node) => void> = {
    VariableName: (node) => {
      this.#scope.of(nameOf(node, this.#text)).used = true;
    },
    FunctionDefinition: (node) => this.#function(node),
    LambdaExpression: (node) => this.#lambda(node),
    ClassDefinition: (node) => this.#class(node),
    TypeDefinition: (node) => this.#alias(node),
    Decorator: (node) => this.#decorator(node),
    AssignStatement: (node) => this.#assign(node),
    UpdateStatement: (node) => this.#update(node),
    ForStatement: (node) => this.#for(node),
    DeleteStatement: (node) => this.#bind(node.children.slice(1)),
    ImportStatement: (node) => this.#import(node),
    ScopeStatement: (node) => this.#declare(node),
    NamedExpression: ({ children }) => this.#named(children[0] as Node, children[2] as Node),
    ArgList: (node) => this.#arguments(node),
    AsPattern: (node) => this.#capture(node),
    CapturePattern: (node) => this.#capture(node),
    KeywordPattern: (node) => this.#visit(node.children[1] as Node),
    YieldExpression: (node) => this.#yield(node),
    YieldStatement: (node) => this.#yield(node),
    AwaitExpression: (node) => this.#await(node),
    TryStatement: (node) => this.#aliased(node),
    WithStatement: (node) => this.#aliased(node),
  };

  #visit(node: Node): void {
    const visitor = this.#visitors[node.type];
    const comprehension = visitor ? null : comprehensionOf(node);
    if (visitor) visitor(node);
    else if (comprehension) this.#comprehension(comprehension);
    else this.#all(node.children);
  }

  /** Runs `visit` in a scope of its own. */
  #within(kind: ScopeKind, visit: () => void, what = ''): void {
    const outer = this.#scope;
    this.#scope = new Scope(kind, outer, what);
    visit();
    this.#scope = outer;
  }

  #bindName(node: Node): void {
    const use = this.#scope.of(nameOf(node, this.#text));
    use.bound = true;
  }

  /** Targets of an assignment; what is within an attribute or a subscript is only read. */
  #bind(nodes: readonly Node[]): void {
    for (const node of nodes) {
      if (node.type === 'VariableName') this.#bindName(node);
      else if (/^(?:Tuple|Array|Parenthesized)Expression$/.test(node.type))
        this.#bind(node.children);
      else if (node.children.length > 0) this.#visit(node);
    }
  }

  #function(node: Node): void {
    const name = node.children.find(({ type }) => type === 'VariableName') as Node;
    this.#bindName(name);
    const parameters = parametersOf(node);
    for (const { value } of parameters) if (value) this.#visit(value);
    this.#typed(node, () => {
      const annotations = parameters.flatMap(({ annotation }) => annotation ?? []);
      const returned = node.children.find(({ type }) => type === 'TypeDef');
      this.#annotations(returned ? [...annotations, returned] : annotations);
      this.#within('function', () => {
        this.#parameters(parameters);
        this.#visit(node.children.at(-1) as Node);
      });
    });
  }

  #parameters(parameters: readonly { name: Node }[]): void {
    for (const { name } of parameters) {
      const use = this.#scope.of(nameOf(name, this.#text));
      const written = nameOf(name, this.#text);
      if (use.parameter)
        this.#fail(name, `duplicate parameter '${written}' in function definition`);
      use.parameter = true;
    }
  }

  #annotations(nodes: readonly Node[], what = 'an annotation'): void {
    if (nodes.length > 0) this.#within('annotation', () => this.#all(nodes), what);
  }

  #lambda(node: Node): void {
    const parameters = parametersOf(node);
    for (const { value } of parameters) if (value) this.#visit(value);
    this.#within('lambda', () => {
      this.#parameters(parameters);
      this.#visit(node.children.at(-1) as Node);
    });
  }

  #class(node: Node): void {
    this.#bindName(node.children[1] as Node);
    this.#typed(node, () => {
      const list = node.children.find(({ type }) => type === 'ArgList');
      if (list) this.#arguments(list);
      this.#within('class', () => this.#visit(node.children.at(-1) as Node));
    });
  }

  #alias(node: Node): void {
    this.#bindName(node.children[1] as Node);
    this.#typed(node, () => this.#annotations([node.children.at(-1) as Node], 'a type alias'));
  }

  /** Visits within the scope of the type parameters, if there are any. */
  #typed(node: Node, visit: () => void): void {
    const list = node.children.find(({ type }) => type === 'TypeParamList');
    if (!list) {
      visit();
      return;
    }
    this.#within(
      'types',
      () => {
        this.#typeParameters(list);
        visit();
      },
      'the definition of a generic',
    );
  }

  #typeParameters(list: Node): void {
    let defaults = false;
    for (const one of list.children.filter(({ type }) => type === 'TypeParam')) {
      const name = one.children.find(({ type }) => type === 'VariableName') as Node;
      const written = nameOf(name, this.#text);
      const use = this.#scope.of(written);
      if (use.typeParameter) this.#fail(name, `duplicate type parameter '${written}'`);
      use.typeParameter = true;
      use.bound = true;
      const bound = one.children.find(({ type }) => type === 'TypeDef');
      if (bound) this.#annotations([bound], 'a TypeVar bound');
      const at = one.children.findIndex(({ type }) => type === 'AssignOp');
      if (at >= 0) this.#annotations(one.children.slice(at + 1), 'a TypeVar default');
      else if (defaults)
        this.#fail(name, `non-default type parameter '${written}' follows default type parameter`);
      defaults ||= at >= 0;
    }
  }

  /** Of a dotted name only the first part is a name. */
  #decorator({ children }: Node): void {
    for (const [at, part] of children.entries())
      if (part.type !== 'VariableName' || at === 1) this.#visit(part);
  }

  #assign(node: Node): void {
    const { children } = node;
    const last = children.findLastIndex(({ type }) => type === 'AssignOp');
    const annotation = children.find(({ type }) => type === 'TypeDef');
    if (annotation) this.#annotated(children[0] as Node, last >= 0);
    if (last >= 0) this.#all(children.slice(last + 1));
    if (annotation) this.#annotations([annotation]);
    else this.#bind(children.slice(0, last));
  }

  #annotated(target: Node, hasValue: boolean): void {
    if (target.type !== 'VariableName') {
      if (hasValue || target.type !== 'ParenthesizedExpression') this.#bind([target]);
      return;
    }
    const name = nameOf(target, this.#text);
    const use = this.#scope.of(name);
    if ((use.global || use.nonlocal) && this.#scope.kind !== 'module')
      this.#fail(target, `annotated name '${name}' can't be ${use.global ? 'global' : 'nonlocal'}`);
    use.annotated = true;
    use.bound = true;
  }

  #update(node: Node): void {
    this.#bind([node.children[0] as Node]);
    this.#all(node.children.slice(2));
  }

  #for(node: Node): void {
    const at = node.children.findIndex(({ type }) => type === 'in');
    this.#bind(node.children.slice(0, at));
    this.#all(node.children.slice(at + 1));
  }

  /** What stands behind `as` gets a value. */
  #aliased(node: Node): void {
    for (const [at, one] of node.children.entries()) {
      const before = node.children[at - 1]?.type;
      const starred = before === '*' && node.children[at - 2]?.type === 'as';
      if (before === 'as' || starred) this.#bind([one]);
      else this.#visit(one);
    }
  }

  #import(node: Node): void {
    const split = node.children.findIndex(({ type }) => type === 'import');
    const isFrom = split > 0;
    for (let at = split + 1; at < node.children.length; at++) {
      const one = node.children[at] as Node;
      if (one.type === '*' && this.#scope.kind !== 'module')
        this.#fail(node, 'import * only allowed at module level');
      if (one.type !== 'VariableName') continue;
      while (!isFrom && node.children[at + 1]?.type === '.') at += 2;
      const renamed = node.children[at + 1]?.type === 'as';
      if (renamed) at += 2;
      this.#bindName(renamed ? (node.children[at] as Node) : one);
    }
  }

  #declare(node: Node): void {
    const word = node.children[0]?.type as 'global' | 'nonlocal';
    for (const one of node.children.filter(({ type }) => type === 'VariableName')) {
      const name = nameOf(one, this.#text);
      const use = this.#scope.of(name);
      if (use.parameter) this.#fail(node, `name '${name}' is parameter and ${word}`);
      else if (use.used) this.#fail(node, `name '${name}' is used prior to ${word} declaration`);
      else if (use.annotated) this.#fail(node, `annotated name '${name}' can't be ${word}`);
      else if (use.bound)
        this.#fail(node, `name '${name}' is assigned to before ${word} declaration`);
      if (word === 'global') use.global = true;
      else {
        use.nonlocal = node;
        this.#nonlocals.push({ scope: this.#scope, name: one });
      }
    }
  }

  #checkNonlocal(scope: Scope, node: Node): void {
    const name = nameOf(node, this.#text);
    const found = enclosing(scope, name);
    if (scope.of(name).global) this.#fail(node, `name '${name}' is nonlocal and global`);
    else if (scope.kind === 'module')
      this.#fail(node, 'nonlocal declaration not allowed at module level');
    else if (found === null) this.#fail(node, `no binding for nonlocal '${name}' found`);
    else if (found === 'type parameter')
      this.#fail(node, `nonlocal binding not allowed for type parameter '${name}'`);
  }

  #arguments(node: Node): void {
    const comprehension = comprehensionOf(node);
    if (comprehension) {
      this.#comprehension(comprehension);
      return;
    }
    const { children } = node;
    for (const [at, one] of children.entries()) {
      const sign = children[at + 1];
      if (one.type === 'AssignOp' || sign?.type !== 'AssignOp') {
        if (children[at - 1]?.type !== 'AssignOp' || !this.#isWalrus(children[at - 1]))
          this.#visit(one);
      } else if (this.#isWalrus(sign)) this.#named(one, children[at + 2] as Node);
    }
  }

  #isWalrus(sign: Node | undefined): boolean {
    return sign !== undefined && this.#text[sign.from] === ':';
  }

  #capture(node: Node): void {
    for (const one of node.children) {
      if (one.type !== 'VariableName') this.#visit(one);
      else if (nameOf(one, this.#text) !== '_' || node.type === 'AsPattern') this.#bindName(one);
    }
  }

  #yield(node: Node): void {
    this.#refuseInAnnotation(node, 'yield expression');
    this.#all(node.children);
    if (this.#scope.kind === 'comprehension')
      this.#fail(node, `'yield' inside ${this.#scope.what}`);
  }

  #await(node: Node): void {
    this.#refuseInAnnotation(node, 'await expression');
    this.#all(node.children);
  }

  #refuseInAnnotation(node: Node, what: string): void {
    const { kind, what: place } = this.#scope;
    if (kind === 'annotation' || kind === 'types')
      this.#fail(node, `${what} cannot be used within ${place}`);
  }

  #comprehension({ kind, elements, loops }: Comprehension): void {
    const [first, ...more] = loops;
    this.#iterable(first.iterable);
    const what = kind === 'generator' ? 'generator expression' : `${kind} comprehension`;
    this.#within(
      'comprehension',
      () => {
        this.#loopTargets(first.targets);
        this.#all(first.conditions);
        for (const loop of more) {
          this.#loopTargets(loop.targets);
          this.#iterable(loop.iterable);
          this.#all(loop.conditions);
        }
        this.#all(elements);
      },
      what,
    );
  }

  #iterable(node: Node): void {
    const scope = this.#scope;
    const before = scope.iterating;
    scope.iterating = true;
    this.#visit(node);
    scope.iterating = before;
  }

  #loopTargets(nodes: readonly Node[]): void {
    for (const node of nodes) {
      if (node.type === 'VariableName') this.#loopTarget(node);
      else if (/^(?:Tuple|Array|Parenthesized)Expression$/.test(node.type))
        this.#loopTargets(node.children);
      else if (node.children.length > 0) this.#visit(node);
    }
  }

  #loopTarget(node: Node): void {
    const name = nameOf(node, this.#text);
    const use = this.#scope.of(name);
    if (use.global || use.nonlocal)
      this.#fail(
        node,
        `comprehension inner loop cannot rebind assignment expression target '${name}'`,
      );
    use.bound = true;
    use.loop = true;
  }

  #named(target: Node, value: Node): void {
    this.#refuseInAnnotation(target, 'named expression');
    if (this.#scope.iterating)
      this.#fail(
        target,
        'assignment expression cannot be used in a comprehension iterable expression',
      );
    if (this.#scope.kind === 'comprehension') this.#bindOutside(target);
    this.#visit(value);
    if (this.#scope.kind !== 'comprehension') this.#bindName(target);
  }

  /** A comprehension's assignment expression binds in the function around it. */
  #bindOutside(target: Node): void {
    const name = nameOf(target, this.#text);
    let at = this.#scope as Scope;
    for (; at.kind === 'comprehension' && at.parent; at = at.parent) {
      if (at.names.get(name)?.loop)
        this.#fail(
          target,
          `assignment expression cannot rebind comprehension iteration variable '${name}'`,
        );
    }
    const within = 'assignment expression within a comprehension cannot be used in';
    if (at.kind === 'class') this.#fail(target, `${within} a class body`);
    else if (at.kind === 'annotation' || at.kind === 'types')
      this.#fail(target, `${within} ${at.what}`);
    this.#scope.of(name).nonlocal = target;
    at.of(name).bound = true;
  }
}
