/**
 * What each class of a folder is to an import. A class that reaches a base class becomes a definition,
 * unless it is
 * - a base class itself, or stands in the module of one;
 * - private: its name begins with an underscore;
 * - abstract: it names ABC or ABCMeta, or lacks what an abstract method asks for, its own or an inherited one;
 * - a common ground: other classes of the folder build on it, and its name says so (`…Base`, `Base…`, `Abstract…`,
 *   `…Mixin`), or so does its docstring, or it leaves methods to them (`raise NotImplementedError`), or it has
 *   neither a docstring nor a constructor, nor does anything make instances of it.
 * Those are carried inside the definitions that need them.
 */

import { child as childOf, type Node, nameOf, textOf, walk } from '../syntax.ts';
import type { InstrumentType } from '../types.ts';
import type { Bases, Reached } from './bases.ts';
import { baseExpressions } from './bases.ts';
import type { SourceFolder } from './folder.ts';
import type { InstalledNames } from './installed.ts';
import { type Method, methodsOf } from './methods.ts';
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
  if (cls.name.startsWith('_')) return 'private, going by its name';
  const methods = methodsOfAll(folder, bases, path, cls.name);
  const isMissing = (kind: Given): boolean => [...methods.values()].includes(kind);
  if (namesAbc(folder.module(path), cls) || isMissing('abstract')) return 'abstract';
  if (MUST_GIVE.some((name) => methods.get(name) === 'left'))
    return 'abstract: it leaves a method to others';
  if (!isParent) return undefined;
  if (/^(Base|Abstract)|(Base|_base|Mixin|ABC)$/.test(cls.name))
    return 'a base of other classes, going by its name';
  if (isMissing('left')) return 'a base of other classes: it leaves methods to them';
  const documentation = docstring(folder.module(path), cls);
  if (
    /\b(base|super|parent|abstract|mixin|common|generic)[- ]?class\b|\bmix-?in\b|\bsubclass(ed|es)?\b/i.test(
      documentation,
    )
  )
    return 'a base of other classes, as its documentation says';
  const isMade =
    isConstructed(folder, bases, path, cls.name) || isCalled(folder.module(path), cls.name);
  return isMade || documentation !== ''
    ? undefined
    : 'a base of other classes, without a constructor';
}

/** What a base class of PyBirch asks of an instrument. */
const MUST_GIVE = ['_perform_measurement_impl', 'perform_measurement', 'position'];

/** A method is there, is `abstract`, or is `left` to others by `raise NotImplementedError` alone. */
type Given = 'given' | 'abstract' | 'left';

/** What a class has of each method, in Python's order; whatever a base class has counts as given. */
function methodsOfAll(
  folder: SourceFolder,
  bases: Bases,
  path: string,
  name: string,
): Map<string, Given> {
  const found = new Map<string, Given>();
  for (const one of bases.line(path, name)) {
    const module = folder.module(one.path);
    const cls = module.classes.get(one.name);
    for (const [method, given] of cls ? ownMethods(module, cls) : [])
      if (!found.has(method)) found.set(method, one.isBase ? 'given' : given);
  }
  return found;
}

/** What the body of a class gives by functions and by assignments. */
function ownMethods(module: Module, cls: ClassStatement): Map<string, Given> {
  const found = new Map<string, Given>();
  for (const assigned of childOf(cls.node, 'Body')?.children ?? []) {
    const target = assigned.type === 'AssignStatement' ? assigned.children[0] : undefined;
    if (target) found.set(nameOf(target, module.text), 'given');
  }
  for (const method of methodsOf(cls.node, module.text))
    found.set(method.name, givenBy(method, module.text));
  return found;
}

function givenBy({ node, decorators }: Method, text: string): Given {
  if (
    decorators.some((one) =>
      /^@\s*(\w+\.)*abstract(method|property|classmethod|staticmethod)\b/.test(one),
    )
  )
    return 'abstract';
  const statements = childOf(node, 'Body')?.children.filter(({ type }) => type !== ':') ?? [];
  const only = statements.filter(
    ({ type, children }) =>
      type !== 'ExpressionStatement' || !/String$/.test(children[0]?.type ?? ''),
  );
  const raises =
    only.length === 1 && /^raise\s+NotImplementedError\b/.test(textOf(only[0] as Node, text));
  return raises ? 'left' : 'given';
}

function docstring(module: Module, cls: ClassStatement): string {
  const first = childOf(cls.node, 'Body')?.children.find(({ type }) => type !== ':');
  const isString =
    first?.type === 'ExpressionStatement' && /String$/.test(first.children[0]?.type ?? '');
  return isString
    ? textOf(first, module.text)
        .replace(/^[rbuf]*['"]+|['"]+$/gi, '')
        .trim()
    : '';
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

function namesAbc({ text }: Module, cls: ClassStatement): boolean {
  if (baseExpressions(cls.node, text).some((dotted) => dotted.at(-1) === 'ABC')) return true;
  const list = childOf(cls.node, 'ArgList');
  return list !== undefined && /\bmetaclass\s*=\s*(\w+\.)*ABCMeta\b/.test(textOf(list, text));
}

function hasConstructor(module: Module, cls: ClassStatement): boolean {
  return methodsOf(cls.node, module.text).some(({ name }) => name === '__init__');
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
