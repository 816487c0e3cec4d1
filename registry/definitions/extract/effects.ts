/**
 * The side effects of a statement when its module is imported, besides binding names. The effects are the objects that
 * may change, and whether anything outside the folder may be affected. Nothing is executed. An effect that cannot be
 * ruled out counts.
 */
import { argumentsOf, child, type Node, nameOf, textOf, walk } from '../syntax.ts';
import { Callables, MAKERS, MAX_DEPTH } from './callables.ts';
import { CHANGE, HOOKS, KEEPS, PURE, SEARCH_PATH, SET_ATTRIBUTE } from './effect-names.ts';
import { assigns, does, enclosingClass } from './effect-nodes.ts';
import type { SourceFolder } from './folder.ts';
import type { Module, Statement } from './module.ts';
import { add, nothing, place, type Reach, Reaches, rootOf } from './reach.ts';
import { collectGlobals, StatementReader } from './scope.ts';

/** The effects of calling a function, apart from its result. */
interface Body extends Reach {
  /** Whether the function may change its arguments or pass them on. */
  parameters: boolean;
  /** Whether the function sets attributes of its class (`cls.last = …`). */
  owner: boolean;
}

const idle = (): Body => ({ ...nothing(), parameters: false, owner: false });

export class Effects {
  readonly #folder: SourceFolder;
  readonly #reaches: Reaches;
  readonly callables: Callables;
  // Weak maps, so that modules and trees can be freed.
  readonly #known = new WeakMap<Statement, Reach | null>();
  readonly #bodies = new WeakMap<Node, Body>();

  constructor(folder: SourceFolder, stays: ReadonlySet<string>) {
    this.#folder = folder;
    this.#reaches = new Reaches(folder, stays);
    this.callables = new Callables(folder, this.#reaches);
  }

  /** The effects of a statement; null if it only binds names. */
  of(path: string, statement: Statement): Reach | null {
    let effect = this.#known.get(statement);
    if (effect === undefined) {
      effect = statement.isMain ? null : new Run(this, path).statement(statement.node);
      this.#known.set(statement, effect);
    }
    return effect;
  }

  get folder(): SourceFolder {
    return this.#folder;
  }

  get reaches(): Reaches {
    return this.#reaches;
  }

  /** The effects of calling the function. A recursive call adds no effects. */
  body(path: string, node: Node, depth: number): Body {
    const known = this.#bodies.get(node);
    if (known) return known;
    const body: Body = idle();
    this.#bodies.set(node, body);
    if (depth <= MAX_DEPTH) new Run(this, path, node, body, depth).body();
    return body;
  }
}

/** Follows a statement that runs at import, or the body of a function that this statement calls. */
class Run {
  readonly #effects: Effects;
  readonly #module: Module;
  readonly #path: string;
  readonly #function: Node | undefined;
  readonly #parameters = new Set<string>();
  readonly #locals: ReadonlySet<string>;
  readonly #depth: number;
  readonly #found: Body;
  #globals: ReadonlySet<string> = new Set();
  #isEffect = false;

  constructor(effects: Effects, path: string, node?: Node, found?: Body, depth = 0) {
    this.#effects = effects;
    this.#path = path;
    this.#module = effects.folder.module(path);
    this.#function = node;
    this.#found = found ?? idle();
    this.#depth = depth;
    this.#locals = node ? this.#localsOf(node) : new Set();
  }

  statement(node: Node): Reach | null {
    this.#visit(node);
    return this.#isEffect ? this.#found : null;
  }

  body(): void {
    for (const name of this.#globals) this.#change([name]);
    for (const one of this.#function?.children ?? []) if (one.type === 'Body') this.#visitAll(one);
  }

  #localsOf(node: Node): Set<string> {
    const { text } = this.#module;
    const list = child(node, 'ParamList')?.children ?? [];
    for (const [i, one] of list.entries()) {
      if (one.type === 'VariableName' && list[i - 1]?.type !== 'AssignOp')
        this.#parameters.add(nameOf(one, text));
    }
    const globals = new Set<string>();
    const bound = new Set(this.#parameters);
    for (const one of child(node, 'Body')?.children ?? []) {
      const reader = new StatementReader(text);
      reader.read(one);
      for (const name of reader.binds) bound.add(name);
      collectGlobals(one, text, globals);
    }
    for (const name of globals) bound.delete(name);
    this.#globals = globals;
    return bound;
  }

  #visitAll(node: Node): void {
    for (const one of node.children) this.#visit(one);
  }

  #visit(node: Node): void {
    switch (node.type) {
      case 'ImportStatement':
        return;
      case 'LambdaExpression':
      case 'FunctionDefinition':
        // A function that is defined inside a called function, such as a decorator's inner function, counts as called
        // too.
        if (this.#function) break;
        for (const one of child(node, 'ParamList')?.children ?? []) this.#visit(one);
        return;
      case 'ClassDefinition':
        this.#class(node);
        return;
      case 'Decorator':
        this.#decorator(node);
        return;
      case 'AssignStatement':
      case 'UpdateStatement':
      case 'DeleteStatement':
      case 'ForStatement':
        this.#targets(node);
        break;
      case 'CallExpression':
        this.#call(node);
        break;
      case 'ExpressionStatement':
        if (!this.#function) this.#bare(node);
        break;
    }
    this.#visitAll(node);
  }

  /**
   * Handles an expression whose result is discarded, so it exists for its effect. An unknown effect may concern
   * everything that the expression can reach.
   */
  #bare(statement: Node): void {
    const { text } = this.#module;
    const node = statement.children[0];
    if (!node || !does(node)) return;
    const callee = node.type === 'CallExpression' ? node.children[0] : undefined;
    const name = callee ? nameOf(callee, text).replace(/\s/g, '') : '';
    if (SEARCH_PATH.test(name)) return;
    this.#isEffect = true;
    // `#call` handles these changes.
    if (SET_ATTRIBUTE.has(name) || (CHANGE.test(name) && !this.#leadsOut(callee))) return;
    const reader = new StatementReader(text);
    reader.read(statement);
    add(this.#found, this.#effects.reaches.closure(this.#path, statement, reader.uses));
  }

  #leadsOut(node: Node | undefined): boolean {
    const root = node && rootOf(node, this.#module.text);
    const target = root && this.#effects.reaches.target(this.#path, root);
    return !target || this.#effects.reaches.isOutside(target);
  }

  #targets(node: Node): void {
    const { text } = this.#module;
    const isDelete = node.type === 'DeleteStatement';
    const close = node.type === 'ForStatement' ? 'in' : /^(Assign|Update)Op$/;
    const end = isDelete
      ? node.children.length
      : node.children.findLastIndex((one) =>
          typeof close === 'string' ? one.type === close : close.test(one.type),
        );
    for (const target of node.children.slice(0, Math.max(end, 0))) {
      walk(target, (inner) => {
        if (inner.type !== 'MemberExpression') return inner.type !== 'CallExpression';
        const root = rootOf(inner, text);
        if (root) this.#change(root, inner);
        return false;
      });
    }
  }

  #call(node: Node): void {
    const { text } = this.#module;
    const callee = node.children[0];
    const list = child(node, 'ArgList');
    if (!callee) return;
    const given = list
      ? argumentsOf(list, text)
      : { positional: [], keywords: new Map<string, Node>() };
    const values = [...given.positional, ...given.keywords.values()];
    const name = nameOf(callee, text).replace(/\s/g, '');
    if (SET_ATTRIBUTE.has(name) && !this.#locals.has(name)) {
      const root = values[0] && rootOf(values[0], text);
      if (root) this.#change(root);
      return;
    }
    const root = rootOf(callee, text);
    if (!root || SEARCH_PATH.test(name)) return;
    const method = callee.type === 'MemberExpression' ? name.slice(name.lastIndexOf('.') + 1) : '';
    if (this.#locals.has(root[0] ?? '')) {
      if (method !== '' && !PURE.test(method)) this.#change(root, callee);
      if (this.#function) this.#handOn(values);
      return;
    }
    const target = this.#effects.reaches.target(this.#path, root);
    if (!target) {
      if (method !== '') this.#handOn(values);
      return;
    }
    if (this.#effects.reaches.isOutside(target)) {
      if (KEEPS.test(name)) this.#found.outside = this.#isEffect = true;
      return;
    }
    if (target.kind !== 'definition') return;
    for (const [path, function_] of this.#effects.callables.bodies(
      target.path,
      target.name,
      method,
    )) {
      const body = this.#effects.body(path, function_, this.#depth + 1);
      this.#take(body);
      if (body.parameters) this.#handOn(values);
      if (body.owner) this.#change(root.slice(0, 1));
    }
    const isObject =
      root.length > 2 || !this.#effects.callables.isDefined(target.path, target.name);
    if (isObject && !(method !== '' && PURE.test(method))) this.#change(root.slice(0, 1));
  }

  /** Marks the names among the arguments of a call, because the called function may change its arguments. */
  #handOn(values: readonly Node[]): void {
    for (const value of values) {
      walk(value, (inner) => {
        if (/^(Call|Lambda)Expression$/.test(inner.type)) return false;
        const root = /^(VariableName|MemberExpression)$/.test(inner.type)
          ? rootOf(inner, this.#module.text)
          : null;
        if (root) this.#change(root);
        return root === null;
      });
    }
  }

  #take(body: Reach): void {
    if (body.places.size === 0 && !body.outside) return;
    this.#isEffect = true;
    add(this.#found, body);
  }

  /**
   * Records that an object changes. `self.a = 1` changes a new object, `cls.all[0] = 1` an attribute of the class.
   * @param node the changed expression
   */
  #change(root: readonly string[], node?: Node): void {
    const [name = '', attribute = ''] = root;
    if (!this.#locals.has(name)) {
      this.#take(this.#effects.reaches.aliases(this.#path, root));
      return;
    }
    if (name !== 'self' && name !== 'cls') {
      if (this.#parameters.has(name)) this.#found.parameters = true;
      return;
    }
    const isDeep = node !== undefined && nameOf(node, this.#module.text).split(/[.[(]/).length > 2;
    const cls = enclosingClass(this.#function);
    const className = cls && child(cls, 'VariableName');
    if (
      isDeep &&
      className &&
      (attribute === '__class__' || assigns(cls, attribute, this.#module.text))
    ) {
      this.#take({
        places: new Set([place(this.#path, nameOf(className, this.#module.text))]),
        outside: false,
      });
    } else if (name === 'cls') this.#found.owner = true;
  }

  /** Follows the code that runs when a class is created: its body, the hooks of its bases, and its metaclass. */
  #class(node: Node): void {
    for (const one of node.children) if (one.type === 'Body') this.#visitAll(one);
    const hooks: [owner: string, path: string, node: Node][] = [];
    for (const [path, name] of this.#effects.callables.parents(this.#path, node)) {
      for (const [at, method] of this.#effects.callables.methods(path, name, HOOKS))
        hooks.push([place(path, name), at, method]);
    }
    for (const [path, name] of this.#effects.callables.metaclasses(this.#path, node)) {
      for (const [at, method] of this.#effects.callables.methods(path, name, MAKERS))
        hooks.push([place(path, name), at, method]);
    }
    for (const [owner, path, method] of hooks) {
      const body = this.#effects.body(path, method, this.#depth + 1);
      this.#take(body);
      if (body.parameters) this.#take({ places: new Set([owner]), outside: false });
    }
  }

  /** Follows a decorator, which Python calls with the decorated function or class. */
  #decorator(node: Node): void {
    const { text } = this.#module;
    this.#visitAll(node);
    const [called = ''] = textOf(node, text).replace(/^@\s*/, '').split('(', 1);
    const dotted = called.trimEnd().normalize('NFKC').split('.');
    if (this.#function || !dotted[0]) return;
    const target = this.#effects.reaches.target(this.#path, dotted);
    if (!target) return;
    if (this.#effects.reaches.isOutside(target)) {
      if (KEEPS.test(dotted.at(-1) ?? '')) this.#found.outside = this.#isEffect = true;
      return;
    }
    if (target.kind !== 'definition') return;
    const method = dotted.length > 1 ? (dotted.at(-1) ?? '') : '';
    for (const [path, body] of this.#effects.callables.bodies(target.path, target.name, method)) {
      this.#take(this.#effects.body(path, body, this.#depth + 1));
    }
    const isObject = method !== '' || !this.#effects.callables.isDefined(target.path, target.name);
    if (isObject && !/^(setter|getter|deleter)$/.test(method)) this.#change(dotted.slice(0, 1));
  }
}
