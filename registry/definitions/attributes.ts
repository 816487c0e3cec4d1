/** What the instances of a class have as attributes, as far as its code says so plainly. */

import { bindingsIn } from './binding.ts';
import type { ClassAt } from './classes.ts';
import { evaluate, type Lookup } from './constants.ts';
import { argumentsOf, child, dottedName, type Node, type Statement, walk } from './syntax.ts';
import type { Json } from './types.ts';

interface Assigned {
  readonly value: Node | null;
  /** The function that it stands in; null in the class's own body. */
  readonly method: Node | null;
}

/**
 * The value of an attribute: that of the nearest class which sets it. Null where no class does,
 * undefined where one does and the value cannot be told (computed, or set to different values).
 */
export function attribute(classes: readonly ClassAt[], name: string): Json | undefined {
  for (const found of classes) {
    const assigned = assignments(found, name);
    const own = assigned.filter((one) => one.method !== null);
    const deciding = own.length > 0 ? own : assigned;
    if (deciding.length === 0) continue;
    const values = deciding.map(({ value, method }) =>
      value ? evaluate(value, found.module.text, lookup(found, method)) : undefined,
    );
    const [first] = values;
    return values.every((one) => JSON.stringify(one) === JSON.stringify(first)) ? first : undefined;
  }
  return null;
}

/** Does the class, or one it builds on in these files, define a method (or property) of this name? */
export function defines(classes: readonly ClassAt[], name: string): boolean {
  return classes.some(({ statement }) =>
    statement.body.some((one) => one.kind === 'function' && one.name === name),
  );
}

/** What `_define_settings({...})` is given, the nearer classes winning; null where nothing calls it. */
export function definedSettings(classes: readonly ClassAt[]): { [key: string]: Json } | null {
  let settings: { [key: string]: Json } | null = null;
  for (const found of classes.toReversed()) {
    const { text } = found.module;
    for (const method of methods(found.statement.body)) {
      walk(method.node, (node) => {
        const [callee, list] = node.children;
        if (node.type !== 'CallExpression' || !callee || list?.type !== 'ArgList') return true;
        if (!dottedName(callee, text)?.endsWith('._define_settings')) return true;
        const [only] = argumentsOf(list, text).positional;
        const value = only && evaluate(only, text, lookup(found, method.node));
        if (typeof value === 'object' && value !== null && !Array.isArray(value))
          settings = { ...settings, ...value };
        return true;
      });
    }
  }
  return settings;
}

function methods(body: readonly Statement[]) {
  return body.filter((one) => one.kind === 'function');
}

function assignments({ statement, module }: ClassAt, name: string): Assigned[] {
  const { text } = module;
  const found: Assigned[] = [];
  collect(statement.body, null, (target) => dottedName(target, text) === name, found);
  for (const method of methods(statement.body)) {
    if (method.name === name) found.push({ value: null, method: method.node });
    const [self] = method.parameters;
    const mine = (target: Node): boolean => dottedName(target, text) === `${self}.${name}`;
    if (self) collect(method.body, method.node, mine, found);
  }
  return found;
}

function collect(
  body: readonly Statement[],
  method: Node | null,
  mine: (target: Node) => boolean,
  found: Assigned[],
): void {
  for (const one of body) {
    if (one.kind === 'block') for (const inner of one.bodies) collect(inner, method, mine, found);
    if (one.kind === 'update' && one.target && mine(one.target))
      found.push({ value: null, method });
    if (one.kind !== 'assign' || one.value === null) continue;
    const [only, ...more] = one.value;
    for (const targets of one.targets) {
      if (!targets.some(mine)) continue;
      const at = targets.findIndex(mine);
      if (targets.length === 1 && more.length === 0) found.push({ value: only ?? null, method });
      else if (targets.length === one.value.length)
        found.push({ value: one.value[at] ?? null, method });
      else found.push({ value: null, method });
    }
  }
}

/** Names as a method sees them: its own, then the module's; `self.x` and bare class names, the class's. */
function lookup({ module, statement }: ClassAt, method: Node | null): Lookup {
  const { text } = module;
  const local = method ? bindingsIn(method, text) : null;
  const definition =
    statement.node.type === 'DecoratedStatement'
      ? child(statement.node, 'ClassDefinition')
      : statement.node;
  const inClass = definition ? bindingsIn(definition, text) : null;
  return (dotted) => {
    const [head, attribute, ...more] = dotted.split('.');
    if (attribute !== undefined) {
      const own = head === 'self' || head === 'cls' || head === statement.name;
      return own && more.length === 0 ? inClass?.get(attribute) : null;
    }
    if (local?.has(dotted)) return local.get(dotted);
    if (!method && inClass?.has(dotted)) return inClass.get(dotted);
    return bindingsIn(module.root, text).get(dotted);
  };
}
