/**
 * What each class of a folder is to an import. A class that reaches a base class becomes a definition,
 * unless it is
 * - a base class itself, or stands in the module of one;
 * - private: its name begins with an underscore;
 * - abstract: it names ABC or ABCMeta, or has an abstract method of its own;
 * - a common ground: other classes of the folder build on it, and either its name says so (`…Base`,
 *   `Base…`, `Abstract…`, `…Mixin`) or neither it nor a class of
 *   the folder that it builds on has a constructor, and nothing makes instances of it.
 * Those are carried inside the definitions that need them.
 */

import { child as childOf, nameOf, textOf, walk } from '../syntax.ts';
import type { InstrumentType } from '../types.ts';
import type { Bases, Reached } from './bases.ts';
import { baseExpressions } from './bases.ts';
import type { SourceFolder } from './folder.ts';
import type { InstalledNames } from './installed.ts';
import type { ClassStatement, Module } from './module.ts';
import { dirname, joinPath } from './paths.ts';

export interface InstrumentClass {
  path: string;
  name: string;
  line: number;
  type: InstrumentType;
  /** It builds on one of the further base classes (`--base`). */
  further: boolean;
  /** Why it is no definition of its own; undefined for those that are. */
  helper?: string;
}

/** Every class of these modules that reaches a base class, in the order of paths and lines. */
export function instrumentClasses(
  folder: SourceFolder,
  bases: Bases,
  paths: string[],
): InstrumentClass[] {
  const parents = new Set<string>();
  const baseModules = new Set<string>();
  const found: { path: string; cls: ClassStatement; reached: Reached }[] = [];
  for (const path of paths) {
    for (const [name, cls] of folder.module(path).classes) {
      const reached = bases.reached(path, name);
      if (bases.definesBase(path, name)) baseModules.add(path);
      if (!reached) continue;
      if (reached.baseModule !== undefined) baseModules.add(reached.baseModule);
      for (const parent of bases.parents(path, name)) parents.add(`${parent.path}\n${parent.name}`);
      found.push({ path, cls, reached });
    }
  }
  return found.map(({ path, cls, reached }) => {
    const isParent = parents.has(`${path}\n${cls.name}`);
    const helper = baseModules.has(path)
      ? 'stands in the module of a base class'
      : helperReason(folder, bases, path, cls, isParent);
    const { type, further } = reached;
    const line = cls.statement.line;
    return { path, name: cls.name, line, type, further, ...(helper && { helper }) };
  });
}

/**
 * The modules that stay where they are, imported from the package they belong to: those of the base
 * classes, and what these and the `__init__.py` beside them import. A copy of one of them would be another
 * class than the one that the base classes know. Modules with instruments in them are never among them.
 */
export function frameworkModules(
  folder: SourceFolder,
  bases: Bases,
  classes: readonly InstrumentClass[],
  installed: InstalledNames,
): Set<string> {
  const own = new Set(
    classes
      .filter((cls) => cls.helper !== 'stands in the module of a base class')
      .map((cls) => cls.path),
  );
  const queue: string[] = [];
  for (const path of folder.paths) {
    // Of PyBirch's package, its instruments' folders alone have what a definition must bring along.
    if (/^pybirch(\.(?!setups\b|Instruments\b)|$)/.test(installed.module(path) ?? ''))
      queue.push(path);
    if (![...folder.module(path).classes.keys()].some((name) => bases.definesBase(path, name)))
      continue;
    queue.push(path);
    const init = joinPath(dirname(path), '__init__.py');
    if (folder.find(path, 1, '') === init) queue.push(init);
  }
  const framework = new Set<string>();
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (framework.has(path) || own.has(path)) continue;
    if (installed.module(path) === undefined && !definesPybirch(folder, bases, path)) continue;
    framework.add(path);
    for (const statement of folder.module(path).statements) {
      for (const found of statement.imports) {
        for (const clause of found.clauses) {
          const target = folder.resolveImport(path, found, clause);
          if (target.kind !== 'outside') queue.push(target.path);
        }
        if (found.module !== null) {
          const source = folder.find(path, found.level, found.module);
          if (source !== undefined) queue.push(source);
        }
      }
    }
  }
  return framework;
}

function definesPybirch(folder: SourceFolder, bases: Bases, path: string): boolean {
  return [...folder.module(path).classes.keys()].some(
    (name) => bases.pybirchModule(name) !== undefined,
  );
}

function helperReason(
  folder: SourceFolder,
  bases: Bases,
  path: string,
  cls: ClassStatement,
  isParent: boolean,
): string | undefined {
  if (cls.name.startsWith('_')) return 'private by its name';
  if (isAbstract(folder.module(path), cls)) return 'abstract';
  if (!isParent) return undefined;
  if (/^(Base|Abstract)|(Base|_base|Mixin|ABC)$/.test(cls.name))
    return 'a base of other classes by its name';
  if (!isConstructed(folder, bases, path, cls.name) && !isCalled(folder.module(path), cls.name)) {
    return 'a base of other classes, without a constructor';
  }
  return undefined;
}

/** True where the class, or one of the folder's that it builds on, has a constructor. */
function isConstructed(
  folder: SourceFolder,
  bases: Bases,
  path: string,
  name: string,
  steps = 0,
): boolean {
  const module = folder.module(path);
  const cls = module.classes.get(name);
  if (!cls || steps > 50) return false;
  return (
    hasConstructor(module, cls) ||
    bases
      .parents(path, name)
      .some(
        (parent) =>
          !bases.isBaseName(parent.name) &&
          isConstructed(folder, bases, parent.path, parent.name, steps + 1),
      )
  );
}

function isAbstract(module: Module, cls: ClassStatement): boolean {
  const { text } = module;
  if (baseExpressions(cls.node, text).some((dotted) => dotted.at(-1) === 'ABC')) return true;
  const list = childOf(cls.node, 'ArgList');
  if (list && /\bmetaclass\s*=\s*(\w+\.)*ABCMeta\b/.test(textOf(list, text))) return true;
  const body = childOf(cls.node, 'Body');
  const methods = body?.children ?? [];
  return methods.some((child) =>
    child.children
      .filter((one) => one.type === 'Decorator')
      .some((decorator) =>
        /^@\s*(\w+\.)*abstract(method|property|classmethod|staticmethod)\b/.test(
          textOf(decorator, text),
        ),
      ),
  );
}

function hasConstructor(module: Module, cls: ClassStatement): boolean {
  const body = childOf(cls.node, 'Body');
  if (!body) return false;
  return body.children.some((child) => {
    const method =
      child.type === 'DecoratedStatement' ? childOf(child, 'FunctionDefinition') : child;
    const name =
      method?.type === 'FunctionDefinition' ? childOf(method, 'VariableName') : undefined;
    return name !== undefined && nameOf(name, module.text) === '__init__';
  });
}

function isCalled(module: Module, name: string): boolean {
  let called = false;
  for (const statement of module.statements) {
    walk(statement.node, (node) => {
      const callee = node.type === 'CallExpression' ? node.children[0] : undefined;
      if (callee?.type === 'VariableName' && nameOf(callee, module.text) === name) called = true;
      return !called;
    });
  }
  return called;
}
