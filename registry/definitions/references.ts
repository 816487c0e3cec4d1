/**
 * Resolves dotted expressions through the imports of a module: after `import builtins as b`, `b.open` is
 * `builtins.open`.
 */

import { stringValue } from './literals.ts';
import { type Module, type Node, nameOf, readImport, textOf, walk } from './syntax.ts';

/** A place that refers to something in a module. There are several dotted names if an alias has several meanings. */
export interface Reference {
  readonly node: Node;
  readonly names: readonly string[];
}

const PARTS = new Set(['MemberExpression', 'AttributePattern', 'Decorator', 'CallExpression']);
const BUILTINS = 'builtins';
/** An alias with more meanings than this is ignored. */
const MAX_MEANINGS = 8;
/** The most parts of a dotted name. Longer names are ignored, because no module is nested that deep in packages. */
const MAX_PARTS = 6;
/** How many times an alias of an alias is followed. */
const MAX_ROUNDS = 8;

/** The aliases of each module, kept as long as the module is in memory. */
const known = new WeakMap<Module, Aliases>();

function aliasesOf(module: Module): Aliases {
  const found = known.get(module) ?? new Aliases(module);
  known.set(module, found);
  return found;
}

/** The dotted names that an expression may refer to, given the imports of its module. */
export function namesOf(node: Node, module: Module): readonly string[] {
  return aliasesOf(module).of(node);
}

/**
 * All references of a module in document order: dotted names, items with a constant key (`modules["os"]`), and
 * `getattr` with a constant name.
 */
export function referencesIn(module: Module): Reference[] {
  const aliases = aliasesOf(module);
  const found: Reference[] = [];
  walk(module.root, (node) => {
    if (node.type === 'ImportStatement') return false;
    if (!PARTS.has(node.type)) return true;
    const names = aliases.of(node);
    if (names.length > 0) found.push({ node: lastOf(node), names });
    return true;
  });
  return found;
}

/** The node of the last part of a dotted name: `open` in `b.open`. */
function lastOf(node: Node): Node {
  const { children } = node;
  if (node.type === 'CallExpression') return node;
  if (node.type === 'Decorator')
    return children.findLast(({ type }) => type === 'VariableName') ?? node;
  return children[1]?.type === '[' ? node : (children.at(-1) ?? node);
}

class Aliases {
  readonly #text: string;
  readonly #known = new Map<string, Set<string>>();
  readonly #found = new Map<Node, readonly string[]>();

  constructor({ root, text }: Module) {
    this.#text = text;
    this.#add(BUILTINS, BUILTINS);
    this.#add('__builtins__', BUILTINS);
    const given: [name: string, value: Node][] = [];
    walk(root, (node) => {
      if (node.type === 'ImportStatement') this.#import(node);
      given.push(...assigned(node, text));
      return node.type !== 'ImportStatement';
    });
    // There are several rounds, because `c = b` may come before `b = builtins`.
    let changed = true;
    for (let round = 0; changed && round < MAX_ROUNDS; round++) {
      changed = false;
      for (const [name, value] of given)
        for (const one of this.of(value)) changed = this.#add(name, one) || changed;
      if (changed) this.#found.clear();
    }
  }

  of(node: Node): readonly string[] {
    const known = this.#found.get(node);
    if (known) return known;
    const found = this.#read(node);
    this.#found.set(node, found);
    return found;
  }

  #read(node: Node): readonly string[] {
    const [first, second, third] = node.children;
    switch (node.type) {
      case 'VariableName':
        return [...(this.#known.get(nameOf(node, this.#text)) ?? [])];
      case 'ParenthesizedExpression':
        return second && node.children.length === 3 ? this.of(second) : [];
      case 'NamedExpression':
        return third ? this.of(third) : [];
      case 'MemberExpression':
      case 'AttributePattern': {
        if (!first || !third) return [];
        const part = second?.type === '[' ? this.#constant(third) : nameOf(third, this.#text);
        return this.#part(first, part);
      }
      case 'Decorator': {
        const dotted = node.children.filter(({ type }) => type === 'VariableName');
        if (dotted.length < 2) return [];
        const parts = dotted.slice(1).map((one) => nameOf(one, this.#text));
        return this.of(dotted[0] as Node).map((owner) => joined(owner, parts.join('.')));
      }
      case 'CallExpression': {
        if (first?.type !== 'VariableName' || !second) return [];
        const [, owner, , name] = second.children;
        const called = nameOf(first, this.#text);
        if (called === 'vars' && owner) return this.of(owner);
        if (called === 'getattr' && owner && name) return this.#part(owner, this.#constant(name));
        return [];
      }
      default:
        return [];
    }
  }

  #part(owner: Node, name: string | undefined): readonly string[] {
    if (name === undefined) return [];
    if (name === '__builtins__') return [BUILTINS];
    const owners = this.of(owner);
    if (name === '__dict__') return owners;
    return owners
      .map((one) => joined(one, name))
      .filter((one) => one.split('.').length <= MAX_PARTS);
  }

  #constant(node: Node): string | undefined {
    if (node.type === 'String') return stringValue(textOf(node, this.#text));
    if (node.type !== 'ContinuedString') return undefined;
    const parts = node.children.map((one) => this.#constant(one));
    return parts.includes(undefined) ? undefined : parts.join('');
  }

  #import(node: Node): void {
    const { names, module, level } = readImport(node, this.#text);
    for (const { name, bound } of level === 0 ? names : []) {
      if (name === '*') continue;
      const isTop = module === null && name.startsWith(`${bound}.`);
      this.#add(bound, module === null ? (isTop ? bound : name) : joined(module, name));
    }
  }

  #add(name: string, meaning: string): boolean {
    const known = this.#known.get(name) ?? new Set();
    this.#known.set(name, known);
    if (known.has(meaning) || known.size >= MAX_MEANINGS) return false;
    known.add(meaning);
    return true;
  }
}

/** Joins an owner and a name. `sys.modules["builtins"]` is the module `builtins` itself. */
function joined(owner: string, name: string): string {
  return owner === 'sys.modules' ? name : `${owner}.${name}`;
}

/** The names that a node binds, with their values: `a = b = x`, `a: T = x`, `(a := x)`, `f(a := x)`, `def f(a=x)`. */
function assigned(node: Node, text: string): [string, Node][] {
  const found: [string, Node][] = [];
  const { children } = node;
  if (!/^(?:AssignStatement|NamedExpression|ArgList|ParamList)$/.test(node.type)) return found;
  const value = children.at(-1) as Node;
  for (const [at, one] of children.entries()) {
    if (one.type !== 'AssignOp') continue;
    let target = children[at - 1];
    if (target?.type === 'TypeDef') target = children[at - 2];
    const given = node.type === 'AssignStatement' ? value : children[at + 1];
    if (target?.type === 'VariableName' && given) found.push([nameOf(target, text), given]);
  }
  return found;
}
