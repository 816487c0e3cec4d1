/**
 * Finds the parts of modules that a class needs. The search starts at the class, goes from each name that is read to
 * the statements that bind it, and continues in the modules from which names are imported.
 */

import { STANDARD_LIBRARY } from '../stdlib.ts';
import type { Effects } from './effects.ts';
import { importOf, type SourceFolder, starImports, type Target } from './folder.ts';
import type { ImportClause, SourceImport } from './imports.ts';
import type { Module, Statement } from './module.ts';
import { namedImports } from './named-imports.ts';

/** The part of one module that is needed. */
export interface Part {
  module: Module;
  /** The module-level names that the kept statements read. */
  needed: Set<string>;
  kept: Set<Statement>;
  /** The paths of modules that are imported only for their side effects. */
  acting: Set<string>;
  whole: boolean;
}

/** The offsets of the kept statements (`Statement.from`). */
export function keptStarts({ kept }: Part): ReadonlySet<number> {
  return new Set([...kept].map(({ from }) => from));
}

export interface Carving {
  /** The needed parts of modules, by path of the module. The first part is the module of the class. */
  parts: Map<string, Part>;
  /** Statements that would run at import but are left out, because no kept statement depends on them. */
  dropped: { path: string; statement: Statement }[];
}

export interface CarveSource {
  folder: SourceFolder;
  /** Modules that are imported from their installed package and never copied. */
  stays: ReadonlySet<string>;
  /** The effects of statements. All carvings of one folder share the same effects. */
  effects: Effects;
}

export function carve(source: CarveSource, path: string, className: string): Carving {
  const carver = new Carver(source);
  carver.need(path, className);
  return carver.finish();
}

class Carver {
  readonly #folder: SourceFolder;
  readonly #stays: ReadonlySet<string>;
  readonly #effects: Effects;
  readonly #parts = new Map<string, Part>();

  constructor({ folder, stays, effects }: CarveSource) {
    this.#folder = folder;
    this.#stays = stays;
    this.#effects = effects;
  }

  need(path: string, name: string): void {
    const part = this.#part(path);
    if (part.needed.has(name)) return;
    part.needed.add(name);
    if (part.module.dynamic) this.#needWhole(part);
    const bindings = part.module.bindings.get(name) ?? part.module.globals.get(name);
    this.#needStars(part, name, bindings !== undefined);
    for (const statement of bindings ?? []) this.#keep(part, statement, name);
  }

  finish(): Carving {
    while (this.#keepWhatActs()) {}
    const dropped: Carving['dropped'] = [];
    for (const part of this.#parts.values()) {
      for (const statement of part.module.statements) {
        if (!part.kept.has(statement) && runsAtImport(part.module, statement)) {
          dropped.push({ path: part.module.path, statement });
        }
      }
    }
    return { parts: this.#parts, dropped };
  }

  #part(path: string): Part {
    let part = this.#parts.get(path);
    if (!part) {
      const module = this.#folder.module(path);
      const always = module.statements.filter((s, i) => isFuture(s) || (i === 0 && s.isDocstring));
      part = { module, needed: new Set(), kept: new Set(always), acting: new Set(), whole: false };
      this.#parts.set(path, part);
    }
    return part;
  }

  #needWhole(part: Part): void {
    if (part.whole) return;
    part.whole = true;
    for (const name of part.module.bindings.keys()) part.needed.add(name);
    for (const statement of part.module.statements) {
      if (statement.isMain) continue;
      this.#keep(part, statement);
      for (const found of statement.imports) this.#needImports(part, found, found.clauses);
    }
  }

  /** @param name the needed name. Of an import statement, only the clause that binds this name is kept. */
  #keep(part: Part, statement: Statement, name?: string): void {
    const found = name === undefined ? undefined : importOf(statement, name);
    if (found) this.#needImports(part, found.statement, [found.clause]);
    if (part.kept.has(statement)) return;
    part.kept.add(statement);
    for (const inner of statement.imports) {
      if (!isPlainImport(statement)) this.#needImports(part, inner, inner.clauses);
    }
    for (const { path } of namedImports(this.#folder, part.module, statement))
      if (path && !this.#stays.has(path)) this.#needWhole(this.#part(path));
    for (const used of statement.uses) {
      if (part.module.bindings.has(used) || part.module.globals.has(used))
        this.need(part.module.path, used);
      else this.#needStars(part, used);
    }
  }

  #needImports(part: Part, found: SourceImport, clauses: readonly ImportClause[]): void {
    for (const clause of clauses) {
      if (clause.name === '*') this.#needStarSource(part, found);
      else {
        const target = this.#folder.resolveImport(part.module.path, found, clause);
        const source = this.#folder.find(part.module.path, found.level, found.module ?? '');
        // If a module of the folder imports the name from outside, perhaps in only some branches, that module is needed
        // too.
        if (target.kind === 'outside' && found.module && source && !this.#stays.has(source))
          this.need(source, clause.name);
        else this.#needTarget(target);
        if (!found.nested) part.needed.add(clause.bound);
      }
    }
  }

  #needTarget(target: Target): void {
    if (target.kind === 'outside' || this.#stays.has(target.path)) return;
    if (target.kind === 'definition') this.need(target.path, target.name);
    else this.#needWhole(this.#part(target.path));
  }

  /**
   * A name that the module does not bind may come from `from m import *`. A name that the module binds may come from
   * `m` too, if `m` is known to provide the name.
   */
  #needStars(part: Part, name: string, isBound = false): void {
    for (const star of starImports(part.module)) {
      const statement = part.module.statements.find((s) => s.imports.includes(star));
      const source = this.#folder.find(part.module.path, star.level, star.module ?? '');
      const gives = source === undefined ? !isBound : this.#folder.gives(source, name);
      if (!statement || !gives) continue;
      part.kept.add(statement);
      this.#needStarSource(part, star);
    }
  }

  #needStarSource(part: Part, star: SourceImport): void {
    const source = this.#folder.find(part.module.path, star.level, star.module ?? '');
    if (source !== undefined && !this.#stays.has(source)) this.#needWhole(this.#part(source));
  }

  /**
   * Keeps statements whose side effects at import concern the kept statements or something outside the folder. Returns
   * whether a statement was added.
   */
  #keepWhatActs(): boolean {
    let grew = false;
    for (const part of [...this.#parts.values()]) {
      for (const statement of part.module.statements) {
        if (part.kept.has(statement) || statement.isMain) continue;
        if (isPlainImport(statement)) {
          grew = this.#keepActingImports(part, statement) || grew;
        } else if (this.#acts(part.module, statement)) {
          this.#keep(part, statement);
          grew = true;
        }
      }
    }
    return grew;
  }

  #acts(module: Module, statement: Statement, onKept = false): boolean {
    const effect = this.#effects.of(module.path, statement);
    if (!effect) return false;
    if (effect.outside && !onKept && !isLoggerSetUp(module, statement)) return true;
    return [...effect.places].some((key) => this.#isKept(key));
  }

  #isKept(key: string): boolean {
    const [path = '', name = ''] = key.split('\n');
    const part = this.#parts.get(path);
    return part !== undefined && (name === '*' || part.needed.has(name));
  }

  /**
   * Keeps imports of names that nobody uses, because such an import may exist for its side effects. Also keeps imports
   * of modules whose effects concern kept statements. An unused import of the standard library has no effect and is
   * left out.
   */
  #keepActingImports(part: Part, statement: Statement): boolean {
    const { module } = part;
    let keeps = false;
    for (const found of statement.imports) {
      for (const clause of found.clauses) {
        if (clause.name === '*' || part.needed.has(clause.bound)) continue;
        const isUsed = module.statements.some((one) => one.uses.includes(clause.bound));
        const target = this.#folder.resolveImport(module.path, found, clause);
        if (target.kind === 'outside' || this.#stays.has(target.path)) {
          const name = target.kind === 'outside' ? target.module : '.';
          if (isUsed || found.level > 0 || STANDARD_LIBRARY.has(name.split('.')[0] ?? '')) continue;
          part.needed.add(clause.bound);
        } else {
          const source = this.#folder.module(target.path);
          if (part.acting.has(target.path)) continue;
          if (!source.statements.some((one) => this.#acts(source, one, isUsed))) continue;
          this.#part(target.path);
          if (target.kind === 'module') part.needed.add(clause.bound);
          else part.acting.add(target.path);
        }
        keeps = true;
      }
    }
    if (keeps) part.kept.add(statement);
    return keeps;
  }
}

/** Whether the statement is an import at the top level, from which single names can be removed. */
export function isPlainImport(statement: Statement): boolean {
  return statement.type === 'ImportStatement';
}

function isFuture(statement: Statement): boolean {
  return statement.imports.some((found) => found.level === 0 && found.module === '__future__');
}

/** Whether a statement calls something while the module is imported, and discards the result. */
export function runsAtImport(module: Module, statement: Statement): boolean {
  return statement.calls && !statement.isMain && !isLoggerSetUp(module, statement);
}

/**
 * Whether the statement is like `log.addHandler(logging.NullHandler())`, which the logging HOWTO recommends to
 * libraries.
 */
function isLoggerSetUp(module: Module, statement: Statement): boolean {
  return /\.(addHandler\(\s*(logging\.)?NullHandler\(\)|setLevel\([\w.]*)\s*\)\s*$/.test(
    module.text.slice(statement.start, statement.end).trim(),
  );
}
