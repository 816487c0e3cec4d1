/** What the modules of a program do to names and attributes, which shows whether a constant may change. */

import { binds } from '../binding.ts';
import { stringValue } from '../literals.ts';
import { child, type Module, type Node, nameOf, walk } from '../syntax.ts';

export interface Facts {
  /** Names that other code binds again: `module.NAME = …`, `global NAME`, `setattr(x, "NAME", …)`. */
  readonly rebound: ReadonlySet<string>;
  /** Names whose object may be changed in place or passed to other code. */
  readonly mutated: ReadonlySet<string>;
  /** Names that code passes to a call, or changes, while a module is imported. */
  readonly handed: ReadonlySet<string>;
  /**
   * Whether names and attributes may change by code that does not name them (`globals()`, `exec`, `setattr(x, name,
   * …)`).
   */
  readonly wild: boolean;
  /**
   * The attributes that functions of this name may set, directly or through calls. `*` means any attribute, `_*`
   * (`PRIVATE`) any that begins with an underscore.
   */
  effects(name: string): ReadonlySet<string>;
}

/** Functions that neither change nor keep their arguments. */
export const PURE =
  /^(?:(?:np|numpy)\.(?:array|asarray|zeros|ones|arange|linspace)|abs|all|any|bool|dict|enumerate|float|hasattr|int|isinstance|issubclass|len|list|max|min|print|range|repr|reversed|set|frozenset|sorted|str|sum|super|tuple|type|zip|id)$/;

/** Methods of lists, dicts, strings and arrays that change nothing. */
export const READS =
  /^(?:copy|count|index|keys|values|items|get|tolist|join|format|split|strip|upper|lower|startswith|endswith|encode|replace|astype)$/;

/** The beginning of code that runs only in a script. */
const MAIN = /^if\s*(?:\(\s*)?__name__\s*==\s*(["'])__main__\1/;

const WILD = /^(?:globals|vars|exec|eval|locals)$/;

/**
 * A name that stands for any attribute whose name begins with an underscore. PyBirch stores settings in attributes that
 * begin with an underscore.
 */
export const PRIVATE = '_*';

interface Growing {
  rebound: Set<string>;
  mutated: Set<string>;
  handed: Set<string>;
  wild: boolean;
  stores: Map<string, Set<string>>;
  calls: Map<string, Set<string>>;
}

export function factsOf(modules: Iterable<Module>): Facts {
  const facts: Growing = {
    rebound: new Set(),
    mutated: new Set(),
    handed: new Set(),
    wild: false,
    stores: new Map(),
    calls: new Map(),
  };
  for (const module of modules) survey(module, facts);
  const known = new Map<string, ReadonlySet<string>>();
  const effects = (name: string): ReadonlySet<string> => {
    const before = known.get(name);
    if (before) return before;
    const found = new Set<string>();
    const seen = new Set<string>();
    const pending = [name];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      for (const one of facts.stores.get(next) ?? []) found.add(one);
      pending.push(...(facts.calls.get(next) ?? []));
    }
    known.set(name, found);
    return found;
  };
  return { ...facts, effects };
}

function survey(module: Module, facts: Growing): void {
  const { root, text } = module;
  const owners: string[] = [];
  /** The parameter names that mean the instance in the enclosing methods. */
  const selves: string[] = [];
  const isSelf = (node: Node | undefined): boolean =>
    node?.type === 'VariableName' && selves.includes(nameOf(node, text));
  const visit = (node: Node, within: Node | null): void => {
    if (node.type === 'IfStatement' && MAIN.test(text.slice(node.from, node.children[2]?.from)))
      return;
    const inner = /^(?:FunctionDefinition|LambdaExpression)$/.test(node.type) ? node : within;
    if (node.type === 'FunctionDefinition') {
      const name = child(node, 'VariableName');
      owners.push(name ? nameOf(name, text) : '');
      selves.push(selfOf(node, text) ?? '');
    }
    note(node, within);
    for (const one of node.children) visit(one, inner);
    if (node.type === 'FunctionDefinition') {
      owners.pop();
      selves.pop();
    }
  };
  const store = (name: string): void => {
    for (const owner of owners) {
      const found = facts.stores.get(owner) ?? new Set();
      facts.stores.set(owner, found.add(name));
    }
  };
  const note = (node: Node, within: Node | null): void => {
    if (node.type === 'ScopeStatement' && node.children[0]?.type === 'global') {
      for (const one of node.children.slice(1))
        if (one.type === 'VariableName') facts.rebound.add(nameOf(one, text));
      return;
    }
    if (node.type === 'CallExpression') noteCall(node);
    const isAttribute = node.type === 'MemberExpression' && node.children[1]?.type === '.';
    if (node.type !== 'VariableName' && !isAttribute) return;
    const last = isAttribute ? node.children[2] : node;
    if (!last) return;
    const name = nameOf(last, text);
    const [owner] = node.children;
    const isOwn = isAttribute && isSelf(owner);
    if (isAttribute && name === '__dict__' && !isOwn) facts.wild = true;
    if (isAttribute && name === '__dict__' && isOwn) store('*');
    const context = contextOf(node, text);
    if (context === 'rebound') {
      if (isAttribute) store(name);
      if (isAttribute && !isOwn) facts.rebound.add(name);
      if (!isAttribute && node.parent?.type === 'DeleteStatement' && !within)
        facts.rebound.add(name);
    }
    if (context === 'changed') {
      if (isAttribute) store(name);
      if (!isOwn) facts.mutated.add(name);
      if (!isOwn && !within) facts.handed.add(name);
    }
    if (context === 'handed') {
      if (isOwn) return;
      facts.mutated.add(name);
      if (!within) facts.handed.add(name);
    }
    if (context === 'aliased' && !isOwn) {
      const isMethod = within?.parent?.parent?.type === 'ClassDefinition';
      if (!isMethod) facts.mutated.add(name);
    }
  };
  const noteCall = (node: Node): void => {
    const [callee, list] = node.children;
    const last = callee?.type === 'MemberExpression' ? callee.children[2] : callee;
    const name = last ? nameOf(last, text) : '';
    for (const owner of owners) {
      const found = facts.calls.get(owner) ?? new Set();
      facts.calls.set(owner, found.add(name));
    }
    if (callee?.type === 'VariableName' && WILD.test(name)) {
      facts.wild = true;
      store('*');
    }
    if (!/^(?:setattr|delattr|__setattr__|__delattr__)$/.test(name)) return;
    const strings = list?.children.filter((one) => one.type === 'String') ?? [];
    const [first] = strings;
    const target = first ? stringValue(text.slice(first.from, first.to)) : undefined;
    const object = list?.children[1];
    const isOwn = isSelf(object);
    const isPrivate = list?.children.some(
      (one) => one.type === 'FormatString' && /^[fF]["']_/.test(text.slice(one.from, one.to)),
    );
    store(target ?? (isPrivate ? PRIVATE : '*'));
    if (target !== undefined && !isOwn) facts.rebound.add(target);
    if (target === undefined && !isOwn && !isPrivate) facts.wild = true;
  };
  visit(root, null);
}

/**
 * The first parameter of a method, which means the instance. A function, a static method and a class method have no
 * such parameter.
 */
function selfOf(node: Node, text: string): string | undefined {
  const outer = node.parent?.type === 'DecoratedStatement' ? node.parent : node;
  if (outer.parent?.parent?.type !== 'ClassDefinition') return undefined;
  const isOther = outer.children.some(
    (one) =>
      one.type === 'Decorator' && /^@\s*(?:static|class)method$/.test(text.slice(one.from, one.to)),
  );
  const [, first] = child(node, 'ParamList')?.children ?? [];
  return isOther || first?.type !== 'VariableName' ? undefined : nameOf(first, text);
}

/** What code does with the object of a dotted expression; null if it only reads the object. */
function contextOf(node: Node, text: string): 'rebound' | 'changed' | 'handed' | 'aliased' | null {
  let at = node;
  let isPart = false;
  for (;;) {
    const { parent } = at;
    if (!parent) return null;
    switch (parent.type) {
      case 'MemberExpression': {
        if (parent.children[0] !== at) return null;
        if (parent.children[1]?.type === '[') {
          at = parent;
          isPart = true;
          continue;
        }
        const method = parent.children[2];
        const isCalled =
          parent.parent?.type === 'CallExpression' && parent.parent.children[0] === parent;
        return isCalled && method && !READS.test(nameOf(method, text)) ? 'changed' : null;
      }
      case 'AssignStatement': {
        const isTarget = parent.children.findLastIndex((one) => one.type === 'AssignOp') > at.index;
        if (isTarget) return isPart ? 'changed' : at.type === 'VariableName' ? null : 'rebound';
        const target = parent.children[0];
        const isField = target?.type === 'MemberExpression' && target.children[1]?.type === '.';
        // The analysis of class bodies follows class attributes, so an alias in a class body is no problem here.
        const isKept = isField || parent.parent?.parent?.type === 'ClassDefinition';
        return isKept ? null : 'aliased';
      }
      case 'UpdateStatement':
        return parent.children[0] === at
          ? isPart || at.type === 'VariableName'
            ? 'changed'
            : 'rebound'
          : null;
      case 'DeleteStatement':
        return isPart ? 'changed' : 'rebound';
      case 'ForStatement':
      case 'WithStatement':
        return at.type === 'MemberExpression' && binds(at) ? 'rebound' : null;
      case 'ReturnStatement':
      case 'YieldStatement':
        return 'aliased';
      case 'ParamList':
        return parent.children[at.index - 1]?.type === 'AssignOp' ? 'aliased' : null;
      case 'ArgList': {
        const callee = parent.parent?.children[0];
        const name = callee ? text.slice(callee.from, callee.to).replace(/\s/g, '') : '';
        if (parent.parent?.type !== 'CallExpression' || PURE.test(name)) return null;
        if (parent.children[at.index + 1]?.type === 'AssignOp') return null;
        return /\._define_settings$|^setattr$/.test(name) ? null : 'handed';
      }
      case 'ArrayExpression':
      case 'TupleExpression':
      case 'DictionaryExpression':
      case 'ParenthesizedExpression':
      case 'ConditionalExpression':
      case 'NamedExpression':
        at = parent;
        continue;
      case 'Decorator':
        return 'handed';
      default:
        return null;
    }
  }
}

/** Whether a node contains a node of one of the types. Inner functions, classes and lambdas are not searched. */
export function holds(node: Node, types: RegExp): boolean {
  let found = false;
  walk(node, (one) => {
    if (one !== node && /^(?:FunctionDefinition|ClassDefinition|LambdaExpression)$/.test(one.type))
      return false;
    found ||= types.test(one.type);
    return !found;
  });
  return found;
}
