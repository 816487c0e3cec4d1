/**
 * The role of each class of a folder in an import. A class that inherits from a base class becomes a
 * definition, unless it is
 * - a base class itself, or in the module of one;
 * - private: its name starts with an underscore;
 * - abstract: it names ABC or ABCMeta, or does not implement an abstract method, its own or an inherited one;
 * - a common base: other classes of the folder inherit from it, and its name says so (`…Base`, `Base…`,
 *   `Abstract…`, `…Mixin`), or its docstring does, or it leaves methods to them (`raise
 *   NotImplementedError`), or it has neither a docstring nor a constructor and no code creates instances of
 *   it. Such classes are copied into the definitions that need them.
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
  /** It inherits from one of the further base classes (`--base`). */
  further: boolean;
  /** The reason why it does not become a definition; undefined for classes that do. */
  helper?: string;
}

/**
 * Every class of these modules that inherits from a base class, in the order of paths and lines. `onSearched` is called
 * after each module, while its syntax tree is in memory.
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
      // Computed now, while the needed modules and trees are in memory.
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
      ? 'stands in the module of a base class'
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

/** The reasons why a class is a helper; undefined where there is none. */
interface HelperReasons {
  always: string | undefined;
  /** If other classes inherit from it. */
  asParent: string | undefined;
}

/**
 * The modules that are not copied but imported from their package: those of the base classes, and the modules
 * that these and the `__init__.py` files beside them import. A copy of such a module would define a class
 * that differs from the one the base classes know. Modules with instruments are never among them.
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
    // In PyBirch's package, only the instrument folders contain code that a definition must include.
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
  if (lacks.leavesNeeded) return 'abstract: it leaves a method to others';
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
  if (lacks.leavesMethods) return 'a base of other classes: it leaves methods to them';
  if (cls.facts.saysBase) return 'a base of other classes, as its documentation says';
  const isMade =
    isConstructed(folder, bases, path, cls.name) || folder.module(path).called.has(cls.name);
  return isMade || cls.facts.isDocumented
    ? undefined
    : 'a base of other classes, without a constructor';
}

/** The methods that PyBirch's base classes require of an instrument. */
const MUST_GIVE = ['_perform_measurement_impl', 'perform_measurement', 'position'];

/** The methods that a class leaves to its subclasses. */
interface Lacks {
  isAbstract: boolean;
  leavesMethods: boolean;
  /** One of them is required by a base class of PyBirch. */
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
 * The state of each method of a class, in Python's resolution order. Methods of a base class count as given.
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

/** True if the class, or an ancestor in the folder, has a constructor. */
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
