/**
 * Finds state at module level that the classes of a module share within a process, such as a connection, lock or cache.
 * Each imported definition gets its own copy of the module, so the state is no longer shared.
 */

import { STANDARD_LIBRARY } from '../stdlib.ts';
import { child as childOf, type Node, nameOf, walk } from '../syntax.ts';
import type { SourceFolder } from './folder.ts';
import type { Module, Statement } from './module.ts';
import { collectGlobals, rootName } from './scope.ts';

export interface SharedState {
  /** `_controller`, or `Controller._open` for an attribute of a class. */
  name: string;
  line: number;
  /**
   * The offset of the statement that creates the state. The statement itself is a different object after the module has
   * been read again.
   */
  from: number;
  /** Whether code outside the folder creates the object, for example a connection. */
  outside: boolean;
}

const CONTAINER = /^(Array|Dictionary|Set)(Comprehension)?Expression$/;
const CONTAINER_CALL =
  /^(\w+\.)*(dict|list|set|bytearray|deque|defaultdict|OrderedDict|Counter|Weak\w+)$/;
const MUTATOR =
  /^(append|appendleft|extend|insert|add|update|setdefault|pop|popleft|popitem|remove|discard|clear)$/;
/** Names of functions that suggest that their result is created or opened only once. */
const MAKER = /^_?(get|open|connect|create|make|init|shared)/;
const CACHE = /^@\s*(functools\s*\.\s*)?(lru_cache|cache)\b/;
/** Modules whose objects exist to be shared. */
const CONCURRENCY = /^(threading|multiprocessing|queue|asyncio|contextvars|sqlite3|socket)(\.|$)/;
/** Packages whose calls at module level create constants. Calls of the standard library count as constants too. */
const CONSTANTS = /^(numpy|pandas|pint|typing_extensions|enum34)(\.|$)/;

const known = new WeakMap<Module, SharedState[]>();

/** The names of a module that hold shared state, in the order of their statements. */
export function sharedState(folder: SourceFolder, path: string): SharedState[] {
  const module = folder.module(path);
  const states = known.get(module) ?? readState(folder, module);
  known.set(module, states);
  return states;
}

function readState(folder: SourceFolder, module: Module): SharedState[] {
  const changed = changedNames(module);
  const found: SharedState[] = [];
  const note = (name: string, statement: Statement, outside = false): void => {
    found.push({ name, line: statement.line, from: statement.from, outside });
  };
  for (const statement of module.statements) {
    const { node } = statement;
    if (node.type === 'DecoratedStatement' && isCached(node, module)) {
      for (const name of statement.binds) note(name, statement);
    }
    walk(node, (inner) => {
      if (inner.type === 'FunctionDefinition' || inner.type === 'LambdaExpression') return false;
      if (inner.type === 'ClassDefinition') {
        for (const name of classState(inner, module, changed)) note(name, statement);
        return false;
      }
      if (inner.type !== 'AssignStatement') return true;
      const target = inner.children[0];
      const value = inner.children.at(-1);
      if (target?.type !== 'VariableName' || !value || value.from === target.from) return false;
      const name = nameOf(target, module.text);
      const origin = objectFrom(folder, module, value);
      if (changed.has(name) || origin) note(name, statement, origin === 'outside');
      return false;
    });
  }
  return found;
}

function isCached(node: Node, module: Module): boolean {
  return node.children.some(
    (one) => one.type === 'Decorator' && CACHE.test(nameOf(one, module.text)),
  );
}

function classState(node: Node, module: Module, changed: ReadonlySet<string>): string[] {
  const own = childOf(node, 'VariableName');
  const body = childOf(node, 'Body');
  if (!own || !body) return [];
  const className = nameOf(own, module.text);
  return body.children.flatMap((assign) => {
    const [target] = assign.children;
    const value = assign.children.at(-1);
    if (assign.type !== 'AssignStatement' || target?.type !== 'VariableName' || !value) return [];
    const name = nameOf(target, module.text);
    const isContainer = CONTAINER.test(value.type) || isContainerCall(value, module);
    const isChanged = changed.has(`cls.${name}`) || changed.has(`${className}.${name}`);
    return (isContainer || value.type === 'None') && isChanged ? [`${className}.${name}`] : [];
  });
}

/** Names that a function binds again (`global x`), and containers that change after they were created. */
function changedNames(module: Module): Set<string> {
  const changed = new Set<string>();
  for (const { node } of module.statements) {
    collectGlobals(node, module.text, changed);
    walk(node, (inner) => {
      if (inner.type === 'CallExpression') addMutated(inner, module, changed);
      if (/^(Assign|Update|Delete)Statement$/.test(inner.type)) addTargets(inner, module, changed);
      return true;
    });
  }
  return changed;
}

function addMutated(call: Node, module: Module, changed: Set<string>): void {
  const callee = call.children[0];
  const method = callee?.type === 'MemberExpression' ? childOf(callee, 'PropertyName') : undefined;
  if (callee && method && MUTATOR.test(nameOf(method, module.text)))
    addOwner(callee, module, changed);
}

function addTargets(statement: Node, module: Module, changed: Set<string>): void {
  let end = statement.to;
  for (const one of statement.children) if (one.type === 'AssignOp') end = one.from;
  for (const child of statement.children) {
    if (child.type !== 'MemberExpression' || child.from >= end) continue;
    if (childOf(child, 'PropertyName')) changed.add(nameOf(child, module.text).replace(/\s/g, ''));
    else addOwner(child, module, changed);
  }
}

/** Adds the object that changes: `x` for `x.append`, `cls.x` for `cls.x[0]`. */
function addOwner(member: Node, module: Module, changed: Set<string>): void {
  const owner = member.children[0];
  if (owner && rootName(owner)) changed.add(nameOf(owner, module.text).replace(/\s/g, ''));
}

/**
 * Whether code of the folder or of a package creates the stateful object in an expression; undefined if there is none.
 */
function objectFrom(
  folder: SourceFolder,
  module: Module,
  value: Node,
): 'folder' | 'outside' | undefined {
  if (value.type !== 'CallExpression' || isContainerCall(value, module)) return undefined;
  const root = rootName(value);
  const target = root ? folder.lookup(module.path, nameOf(root, module.text)) : undefined;
  if (!target) return undefined;
  if (target.kind === 'definition' && value.children[0]?.type === 'VariableName') {
    const isClass = folder.module(target.path).classes.has(target.name);
    return isClass || MAKER.test(target.name) ? 'folder' : undefined;
  }
  if (target.kind !== 'outside') return undefined;
  if (CONCURRENCY.test(target.module)) return 'folder';
  return STANDARD_LIBRARY.has(target.module.split('.')[0] ?? '') || CONSTANTS.test(target.module)
    ? undefined
    : 'outside';
}

function isContainerCall(value: Node, module: Module): boolean {
  const callee = value.type === 'CallExpression' ? value.children[0] : undefined;
  return callee !== undefined && CONTAINER_CALL.test(nameOf(callee, module.text));
}
