/**
 * Decides what an import does with each class of a folder. A class that inherits from a base class becomes a
 * definition. These classes do not, and are copied into the definitions that need them:
 * - a base class itself, or any class in the module of a base class;
 * - a private class: its name starts with an underscore;
 * - an abstract class: it names ABC or ABCMeta, or does not implement an abstract method;
 * - a common base of other classes in the folder: its name says so (`…Base`, `Base…`, `Abstract…`, `…Mixin`), its
 *   docstring says so, or it leaves methods to subclasses (`raise NotImplementedError`);
 * - a base of other classes that has neither a docstring nor a constructor, if no code creates instances of it.
 */

import type { InstrumentType } from '../types.ts';
import type { Bases, Reached } from './bases.ts';
import type { Given } from './class-facts.ts';
import type { SourceFolder } from './folder.ts';
import type { InstalledNames } from './installed.ts';
import type { ClassStatement } from './module.ts';
import { dirname, joinPath } from './paths.ts';

export interface InstrumentClass {
  path: string;
  name: string;
  line: number;
  type: InstrumentType;
  /** Whether the class inherits from a further base class (`--base`). */
  further: boolean;
  /** Why the class does not become a definition; undefined if it does. */
  helper?: string;
}

/**
 * Every class of these modules that inherits from a base class, ordered by path and line. `onSearched` is called after
 * each module, while the syntax tree of the module is in memory.
 */
export function instrumentClasses(
  folder: SourceFolder,
  bases: Bases,
  paths: readonly string[],
  onSearched: (path: string, done: number) => void,
): InstrumentClass[] {
  const parents = new Set<string>();
  const baseModules = new Set<string>();
  const found: Found[] = [];
  for (const [i, path] of paths.entries()) {
    for (const [name, cls] of folder.module(path).classes) {
      const reached = bases.reached(path, name);
      if (bases.definesBase(path, name)) baseModules.add(path);
      if (!reached) continue;
      if (reached.baseModule !== undefined) baseModules.add(reached.baseModule);
      for (const parent of bases.parents(path, name)) parents.add(`${parent.path}\n${parent.name}`);
      // The reasons are found now, while the modules and trees are in memory.
      found.push({
        ...{ path, name, line: cls.statement.line, reached },
        ...helperReasons(folder, bases, path, cls),
      });
    }
    onSearched(path, i + 1);
    folder.trim();
  }
  return found.map(({ path, name, line, reached, always, asParent }) => {
    const isParent = parents.has(`${path}\n${name}`);
    const helper = baseModules.has(path)
      ? 'in the module of a base class'
      : (always ?? (isParent ? asParent : undefined));
    const { type, further } = reached;
    return { path, name, line, type, further, ...(helper && { helper }) };
  });
}

interface Found extends HelperReasons {
  path: string;
  name: string;
  line: number;
  reached: Reached;
}

/** Why a class is a helper. A field is undefined if there is no such reason. */
interface HelperReasons {
  always: string | undefined;
  /** The reason that counts if other classes inherit from the class. */
  asParent: string | undefined;
}

/**
 * The modules that definitions import from their installed package, without a copy. The list starts with the modules of
 * base classes and the `__init__.py` files beside them, and goes on with the modules that they import. A copy would
 * define classes that PyBirch does not know. Modules with instruments are always copied.
 */
export function frameworkModules(
  folder: SourceFolder,
  bases: Bases,
  classes: readonly InstrumentClass[],
  installed: InstalledNames,
): Set<string> {
  const own = new Set(
    classes.filter((cls) => cls.helper !== 'in the module of a base class').map((cls) => cls.path),
  );
  const queue: string[] = [];
  for (const path of folder.paths) {
    // Of PyBirch's package, only the instrument folders contain code that a definition must include.
    if (/^pybirch(\.(?!setups\b|Instruments\b)|$)/.test(installed.module(path) ?? ''))
      queue.push(path);
    if (!folder.outline(path).classes.some((name) => bases.definesBase(path, name))) continue;
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
  return folder.outline(path).classes.some((name) => bases.pybirchModule(name) !== undefined);
}

function helperReasons(
  folder: SourceFolder,
  bases: Bases,
  path: string,
  cls: ClassStatement,
): HelperReasons {
  const lacks = lacksOf(methodsOfAll(folder, bases, path, cls.name));
  return { always: whyAlways(cls, lacks), asParent: whyAsParent(folder, bases, path, cls, lacks) };
}

function whyAlways({ name, facts }: ClassStatement, lacks: Lacks): string | undefined {
  if (name.startsWith('_')) return 'private, going by its name';
  if (facts.namesAbc || lacks.isAbstract) return 'abstract';
  if (lacks.leavesNeeded) return 'abstract: it leaves a method to subclasses';
  return undefined;
}

function whyAsParent(
  folder: SourceFolder,
  bases: Bases,
  path: string,
  cls: ClassStatement,
  lacks: Lacks,
): string | undefined {
  if (/^(Base|Abstract)|(Base|_base|Mixin|ABC)$/.test(cls.name))
    return 'a base of other classes, going by its name';
  if (lacks.leavesMethods) return 'a base of other classes: it leaves methods to its subclasses';
  if (cls.facts.saysBase) return 'a base of other classes, as its documentation says';
  const isMade =
    isConstructed(folder, bases, path, cls.name) || folder.module(path).called.has(cls.name);
  return isMade || cls.facts.isDocumented
    ? undefined
    : 'a base of other classes, without a constructor';
}

/** The methods that PyBirch's base classes require of an instrument. */
const MUST_GIVE = ['_perform_measurement_impl', 'perform_measurement', 'position'];

/** Methods that a class does not implement itself. */
interface Lacks {
  isAbstract: boolean;
  leavesMethods: boolean;
  /** Whether a base class of PyBirch requires one of these methods. */
  leavesNeeded: boolean;
}

function lacksOf(methods: ReadonlyMap<string, Given>): Lacks {
  const how = [...methods.values()];
  return {
    isAbstract: how.includes('abstract'),
    leavesMethods: how.includes('left'),
    leavesNeeded: MUST_GIVE.some((name) => methods.get(name) === 'left'),
  };
}

/**
 * How each method of a class is implemented, in Python's resolution order. Methods of a base class count as
 * implemented.
 */
function methodsOfAll(
  folder: SourceFolder,
  bases: Bases,
  path: string,
  name: string,
): Map<string, Given> {
  const found = new Map<string, Given>();
  for (const one of bases.line(path, name)) {
    const given = folder.module(one.path).classes.get(one.name)?.facts.given;
    for (const [method, how] of given ?? [])
      if (!found.has(method)) found.set(method, one.isBase ? 'given' : how);
  }
  return found;
}

/** Whether the class, or an ancestor in the folder, has a constructor. */
function isConstructed(
  folder: SourceFolder,
  bases: Bases,
  path: string,
  name: string,
  steps = 0,
): boolean {
  const cls = folder.module(path).classes.get(name);
  if (!cls || steps > 50) return false;
  return (
    cls.facts.hasConstructor ||
    bases
      .parents(path, name)
      .some(
        (parent) =>
          !bases.isBaseName(parent.name) &&
          isConstructed(folder, bases, parent.path, parent.name, steps + 1),
      )
  );
}
