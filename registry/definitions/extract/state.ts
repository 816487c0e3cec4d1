/**
 * Module-level state that can change: what one process shares among the classes of a module. Classes that
 * become definitions of their own get a copy each, so a shared connection, lock or cache is shared no more.
 */

import type { SyntaxNode } from '@lezer/common';
import { STANDARD_LIBRARY } from '../stdlib.ts';
import type { SourceFolder } from './folder.ts';
import { type Module, type Statement, textOf, walk } from './module.ts';
import { collectGlobals, rootName } from './scope.ts';

export interface SharedState {
  /** `_controller`, or `Controller._open` for an attribute of a class. */
  name: string;
  line: number;
  statement: Statement;
  /** An object that something from outside the folder makes: a connection, say. */
  outside: boolean;
}

const CONTAINER = /^(Array|Dictionary|Set)(Comprehension)?Expression$/;
const CONTAINER_CALL =
  /^(\w+\.)*(dict|list|set|bytearray|deque|defaultdict|OrderedDict|Counter|Weak\w+)$/;
const MUTATOR =
  /^(append|appendleft|extend|insert|add|update|setdefault|pop|popleft|popitem|remove|discard|clear)$/;
/** Functions whose names say that what they give is made or opened once. */
const MAKER = /^_?(get|open|connect|create|make|init|shared)/;
const CACHE = /^@\s*(functools\s*\.\s*)?(lru_cache|cache)\b/;
/** Modules whose objects are shared for a purpose. */
const CONCURRENCY = /^(threading|multiprocessing|queue|asyncio|contextvars|sqlite3|socket)(\.|$)/;
/** Packages whose calls at module level make constants, as the standard library's do. */
const CONSTANTS = /^(numpy|pandas|pint|typing_extensions|enum34)(\.|$)/;

/** The statements of a module that hold state, in order. */
export function sharedState(folder: SourceFolder, path: string): SharedState[] {
  const module = folder.module(path);
  const changed = changedNames(module);
  const found: SharedState[] = [];
  const note = (name: string, statement: Statement, outside = false): void => {
    found.push({ name, line: statement.line, statement, outside });
  };
  for (const statement of module.statements) {
    const { node } = statement;
    if (node.name === 'DecoratedStatement' && isCached(node, module)) {
      for (const name of statement.binds) note(name, statement);
    }
    walk(node, (inner) => {
      if (inner.name === 'FunctionDefinition' || inner.name === 'LambdaExpression') return false;
      if (inner.name === 'ClassDefinition') {
        for (const name of classState(inner, module, changed)) note(name, statement);
        return false;
      }
      if (inner.name !== 'AssignStatement') return true;
      const target = inner.firstChild;
      const value = inner.lastChild;
      if (target?.name !== 'VariableName' || !value || value.from === target.from) return false;
      const name = textOf(target, module.text);
      const origin = objectFrom(folder, module, value);
      if (changed.has(name) || origin) note(name, statement, origin === 'outside');
      return false;
    });
  }
  return found;
}

function isCached(node: SyntaxNode, module: Module): boolean {
  return node.getChildren('Decorator').some((found) => CACHE.test(textOf(found, module.text)));
}

function classState(node: SyntaxNode, module: Module, changed: ReadonlySet<string>): string[] {
  const own = node.getChild('VariableName');
  const body = node.getChild('Body');
  if (!own || !body) return [];
  const className = textOf(own, module.text);
  return body.getChildren('AssignStatement').flatMap((assign) => {
    const target = assign.firstChild;
    if (target?.name !== 'VariableName' || !assign.lastChild) return [];
    const name = textOf(target, module.text);
    const isContainer =
      CONTAINER.test(assign.lastChild.name) || isContainerCall(assign.lastChild, module);
    const isChanged = changed.has(`cls.${name}`) || changed.has(`${className}.${name}`);
    return (isContainer || assign.lastChild.name === 'None') && isChanged
      ? [`${className}.${name}`]
      : [];
  });
}

/** Names that a function rebinds (`global x`) and containers that are changed after they were made. */
function changedNames(module: Module): Set<string> {
  const changed = new Set<string>();
  for (const { node } of module.statements) {
    collectGlobals(node, module.text, changed);
    walk(node, (inner) => {
      if (inner.name === 'CallExpression') addMutated(inner, module, changed);
      if (/^(Assign|Update|Delete)Statement$/.test(inner.name)) addTargets(inner, module, changed);
      return true;
    });
  }
  return changed;
}

function addMutated(call: SyntaxNode, module: Module, changed: Set<string>): void {
  const callee = call.firstChild;
  const method = callee?.name === 'MemberExpression' ? callee.getChild('PropertyName') : null;
  if (callee && method && MUTATOR.test(textOf(method, module.text)))
    addOwner(callee, module, changed);
}

function addTargets(statement: SyntaxNode, module: Module, changed: Set<string>): void {
  let end = statement.to;
  for (const op of statement.getChildren('AssignOp')) end = op.from;
  for (let child = statement.firstChild; child && child.from < end; child = child.nextSibling) {
    if (child.name !== 'MemberExpression') continue;
    if (child.getChild('PropertyName')) changed.add(textOf(child, module.text).replace(/\s/g, ''));
    else addOwner(child, module, changed);
  }
}

/** `x` of `x.append`, `cls.x` of `cls.x[0]`. */
function addOwner(member: SyntaxNode, module: Module, changed: Set<string>): void {
  const owner = member.firstChild;
  if (owner && rootName(owner)) changed.add(textOf(owner, module.text).replace(/\s/g, ''));
}

/** Where an object with a life of its own is made: by the folder's code, or by a package's. */
function objectFrom(
  folder: SourceFolder,
  module: Module,
  value: SyntaxNode,
): 'folder' | 'outside' | undefined {
  if (value.name !== 'CallExpression' || isContainerCall(value, module)) return undefined;
  const root = rootName(value);
  const target = root ? folder.lookup(module.path, textOf(root, module.text)) : undefined;
  if (!target) return undefined;
  if (target.kind === 'definition' && value.firstChild?.name === 'VariableName') {
    const isClass = folder.module(target.path).classes.has(target.name);
    return isClass || MAKER.test(target.name) ? 'folder' : undefined;
  }
  if (target.kind !== 'outside') return undefined;
  if (CONCURRENCY.test(target.module)) return 'folder';
  return STANDARD_LIBRARY.has(target.module.split('.')[0] ?? '') || CONSTANTS.test(target.module)
    ? undefined
    : 'outside';
}

function isContainerCall(value: SyntaxNode, module: Module): boolean {
  const callee = value.name === 'CallExpression' ? value.firstChild : null;
  return callee !== null && CONTAINER_CALL.test(textOf(callee, module.text));
}
