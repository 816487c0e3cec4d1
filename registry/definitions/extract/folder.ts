/**
 * The modules of a folder and the imports between them. Imports are resolved as Python's import system does it (The
 * Python Language Reference, "The import system"), but nothing is run.
 */
import type { ImportClause, SourceImport } from './imports.ts';
import { type Module, readModule, type Statement } from './module.ts';
import { dirname, joinPath } from './paths.ts';
import type { Texts } from './texts.ts';

/** What a name refers to: a statement of the folder, a module of the folder, or something outside. */
export type Target =
  | { kind: 'definition'; path: string; name: string }
  | { kind: 'module'; path: string }
  | { kind: 'outside'; module: string; name: string | null };

const MAX_STEPS = 50;

/** How many statements of modules stay in memory, about 20 MB. A folder of 1,500 ordinary drivers fits. */
const MOST_STATEMENTS = 20_000;

/** `trim` drops modules down to this part of the limit, so that not every call has to sort. */
const LEAVES = 3 / 4;

interface Kept {
  module: Module;
  /** When the module was last used, counted in calls of `trim`. */
  used: number;
}

/** Facts about a module that are kept when its syntax tree leaves memory. */
export interface Outline {
  classes: readonly string[];
  /** Whether the module has no statements. */
  isEmpty: boolean;
}

export class SourceFolder {
  readonly #texts: Texts;
  readonly #modules = new Map<string, Kept>();
  readonly #outlines = new Map<string, Outline>();
  /** How many statements all modules in memory have together. */
  #statements = 0;
  /** How often `trim` was called. */
  #time = 0;
  readonly #prefixes: string[];
  readonly #package: string | undefined;
  readonly #most: number;

  /**
   * @param texts the folder's Python files
   * @param location names of the folders that lead to this one, outermost first. Modules in `pybirch/setups` are also
   *   found under `pybirch.setups`.
   * @param options.packageName the folder's dotted name if it is a package of an installed distribution
   * @param options.mostStatements how many statements of modules may stay in memory
   */
  constructor(
    texts: Texts,
    location: string[],
    options: { packageName?: string; mostStatements?: number } = {},
  ) {
    this.#texts = texts;
    this.#prefixes = suffixes(location);
    this.#package = options.packageName;
    this.#most = options.mostStatements ?? MOST_STATEMENTS;
  }

  get paths(): Iterable<string> {
    return this.#texts.paths();
  }

  has(path: string): boolean {
    return this.#texts.has(path);
  }

  /** The module at a path. Calls return the same object until `trim` drops the module. */
  module(path: string): Module {
    const known = this.#modules.get(path);
    if (known) {
      known.used = this.#time;
      return known.module;
    }
    const module = readModule(path, this.#texts);
    this.#modules.set(path, { module, used: this.#time });
    this.#statements += sizeOf(module);
    if (!this.#outlines.has(path)) this.#outlines.set(path, outlineOf(module));
    return module;
  }

  outline(path: string): Outline {
    return this.#outlines.get(path) ?? outlineOf(this.module(path));
  }

  /**
   * Drops the least recently used modules if too many are in memory. A dropped module is later read again as a new
   * object. So `trim` must be called only between steps that compare statements.
   */
  trim(): void {
    this.#time++;
    if (this.#statements <= this.#most) return;
    const oldestFirst = [...this.#modules].sort(([, a], [, b]) => a.used - b.used);
    for (const [path, { module }] of oldestFirst) {
      if (this.#statements <= this.#most * LEAVES) break;
      this.#modules.delete(path);
      this.#statements -= sizeOf(module);
    }
  }

  /** The file of the module that an import statement names; undefined if it is outside the folder. */
  find(importer: string, level: number, dotted: string): string | undefined {
    const parts = dotted === '' ? [] : dotted.split('.');
    for (const base of this.#bases(importer, level, parts)) {
      const path = this.#file(base.folder, base.parts);
      if (path !== undefined && path !== importer) return path;
    }
    return undefined;
  }

  /**
   * What a clause of an import statement refers to: an attribute of the module, a submodule, or, for `*`, the module
   * itself.
   */
  resolveImport(
    importer: string,
    statement: SourceImport,
    clause: ImportClause,
    steps = 0,
  ): Target {
    const { level, module } = statement;
    if (module === null) {
      const found = this.find(importer, 0, clause.name);
      return found ? { kind: 'module', path: found } : outside(clause.name, null);
    }
    const source = this.find(importer, level, module);
    if (clause.name === '*' && source !== undefined) return { kind: 'module', path: source };
    const target = source === undefined ? undefined : this.lookup(source, clause.name, steps + 1);
    if (target) return target;
    const submodule = this.find(importer, level, joinDotted(module, clause.name));
    if (submodule !== undefined) return { kind: 'module', path: submodule };
    if (source !== undefined && this.#mayBind(source, clause.name))
      return { kind: 'definition', path: source, name: clause.name };
    return outside('.'.repeat(level) + module, clause.name);
  }

  /**
   * Where a name of a module comes from. Re-exports are followed. Returns undefined if no statement of the module binds
   * the name.
   */
  lookup(path: string, name: string, steps = 0): Target | undefined {
    if (steps > MAX_STEPS) return undefined;
    const module = this.module(path);
    const bindings = module.bindings.get(name);
    if (!bindings) return this.#throughStars(module, name, steps);
    let away: Target | undefined;
    for (const statement of bindings) {
      const found = importOf(statement, name);
      if (!found) return { kind: 'definition', path, name };
      const target = this.resolveImport(path, found.statement, found.clause, steps);
      if (target.kind !== 'outside') return target;
      away ??= target;
    }
    return away;
  }

  /** The dotted name under which the module can be imported when its package is installed. */
  absoluteName(path: string): string | undefined {
    const stem = path.replace(/(^|\/)__init__\.py$/, '').replace(/\.py$/, '');
    const parts = stem === '' ? [] : stem.split('/');
    let folder = dirname(path);
    let depth = 0;
    for (; this.#texts.has(joinPath(folder, '__init__.py')); folder = dirname(folder)) {
      depth++;
      if (folder === '') {
        if (this.#package !== undefined) return [this.#package, ...parts].join('.');
        break;
      }
    }
    if (depth === 0) return undefined;
    const start = folder === '' ? 0 : folder.split('/').length;
    return parts.slice(start).join('.') || undefined;
  }

  /** The absolute name of the package from which a relative import starts; undefined if unknown. */
  absoluteBase(importer: string, level: number): string | undefined {
    const own = this.absoluteName(joinPath(dirname(importer), '__init__.py'));
    if (own === undefined) return undefined;
    const parts = own.split('.');
    return parts.length > level - 1
      ? parts.slice(0, parts.length - (level - 1)).join('.')
      : undefined;
  }

  #throughStars(module: Module, name: string, steps: number): Target | undefined {
    for (const star of starImports(module)) {
      const source = this.find(module.path, star.level, star.module ?? '');
      if (source === undefined) continue;
      const target = this.lookup(source, name, steps + 1);
      if (target) return target;
      if (this.#mayBind(source, name)) return { kind: 'definition', path: source, name };
    }
    return undefined;
  }

  /** Whether a module has this name, as far as can be known without running it. */
  gives(path: string, name: string): boolean {
    return this.lookup(path, name) !== undefined || this.#mayBind(path, name);
  }

  /** Whether a function of the module may bind the name although no top-level statement does. */
  #mayBind(path: string, name: string): boolean {
    const { dynamic, globals } = this.module(path);
    return dynamic || globals.has(name);
  }

  #bases(importer: string, level: number, parts: string[]): { folder: string; parts: string[] }[] {
    const own = dirname(importer);
    if (level > 0) {
      const up = own === '' ? [] : own.split('/');
      if (level - 1 > up.length) return [];
      return [{ folder: up.slice(0, up.length - (level - 1)).join('/'), parts }];
    }
    const bases: { folder: string; parts: string[] }[] = [];
    // Python finds a module beside the importer by its bare name only if the importer was started as a script.
    for (const folder of new Set([own, ''])) {
      if (!this.#texts.has(joinPath(folder, '__init__.py'))) bases.push({ folder, parts });
    }
    for (const prefix of this.#prefixes) {
      const length = prefix.split('.').length;
      if (parts.slice(0, length).join('.') === prefix) {
        bases.push({ folder: '', parts: parts.slice(length) });
      }
    }
    return bases;
  }

  #file(folder: string, parts: string[]): string | undefined {
    const stem = joinPath(folder, parts.join('/'));
    const candidates = [`${stem}.py`, joinPath(stem, '__init__.py'), stem];
    return candidates.find((path) => this.#texts.has(path));
  }
}

/** Finds the import in a statement that binds a name. The import may be in a nested block (`try`, `if`). */
export function importOf(
  statement: Statement,
  name: string,
): { statement: SourceImport; clause: ImportClause } | undefined {
  for (const found of statement.imports) {
    if (found.nested) continue;
    const clause = found.clauses.find((clause) => clause.bound === name);
    if (clause) return { statement: found, clause };
  }
  return undefined;
}

/** The `from m import *` statements of a module. */
export function starImports(module: Module): SourceImport[] {
  return module.statements.flatMap((statement) =>
    statement.imports.filter((found) => found.clauses.some((clause) => clause.name === '*')),
  );
}

/** The number of statements plus one, so that empty modules count too. */
const sizeOf = ({ statements }: Module): number => statements.length + 1;

function outlineOf({ classes, statements }: Module): Outline {
  return { classes: [...classes.keys()], isEmpty: statements.length === 0 };
}

function joinDotted(module: string, name: string): string {
  return module === '' ? name : `${module}.${name}`;
}

function outside(module: string, name: string | null): Target {
  return { kind: 'outside', module, name };
}

function suffixes(location: string[]): string[] {
  const found: string[] = [];
  for (let i = location.length - 1; i >= 0; i--) {
    if (!/^[A-Za-z_]\w*$/.test(location[i] ?? '')) break;
    found.push(location.slice(i).join('.'));
  }
  return found;
}
