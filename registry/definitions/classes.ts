/** Classes of a definition's modules and the bases that they reach, across its own files. */

import { type Bindings, bindingsIn } from './binding.ts';
import { BASE_CLASSES } from './pybirch.ts';
import {
  type ClassStatement,
  dottedName,
  type ImportStatement,
  type Module,
  type Node,
  readImport,
  type Statement,
  walk,
} from './syntax.ts';
import type { InstrumentType } from './types.ts';

/** A module with what its names mean. */
export interface Scope {
  readonly module: Module;
  readonly classes: ReadonlyMap<string, ClassStatement>;
  readonly imports: readonly ImportStatement[];
  readonly bindings: Bindings;
  /** The definition's other modules by dotted name. */
  readonly siblings: ReadonlyMap<string, Scope>;
}

export interface ClassAt {
  readonly scope: Scope;
  readonly statement: ClassStatement;
}

/** The classes that a class is built from, itself first, and the names where our knowledge ends. */
export interface Ancestry {
  readonly classes: readonly ClassAt[];
  /** Last parts of the names of bases that stand in no file of the definition, nearest first. */
  readonly outside: readonly string[];
}

/** Surveys a module; `siblings` may be filled later. */
export function scopeOf(module: Module, siblings: ReadonlyMap<string, Scope>): Scope {
  const classes = new Map<string, ClassStatement>();
  const collect = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      if (statement.kind === 'class') classes.set(statement.name, statement);
      if (statement.kind === 'block') statement.bodies.forEach(collect);
    }
  };
  collect(module.statements);
  const imports: ImportStatement[] = [];
  walk(module.root, (node) => {
    if (node.type === 'ImportStatement') imports.push(readImport(node, module.text));
    return true;
  });
  return { module, classes, imports, bindings: bindingsIn(module.root, module.text), siblings };
}

/** Follows the bases of a class through aliases, attributes, imports and sibling files. */
export function ancestry(start: ClassAt): Ancestry {
  const classes: ClassAt[] = [];
  const outside: string[] = [];
  const seen = new Set<ClassStatement>();
  const visit = [start];
  for (let at = visit.shift(); at; at = visit.shift()) {
    if (seen.has(at.statement)) continue;
    seen.add(at.statement);
    classes.push(at);
    for (const base of at.statement.bases) {
      const found = resolve(base, at.scope, 0);
      if (typeof found === 'string') outside.push(found);
      else if (found) visit.push(found);
    }
  }
  return { classes, outside };
}

/** The nearest of PyBirch's own base classes, mixins aside. */
export function pybirchBase({ outside }: Ancestry): string | null {
  return outside.find((name) => BASE_CLASSES.get(name)) ?? null;
}

export function instrumentType(found: Ancestry): InstrumentType | null {
  return BASE_CLASSES.get(pybirchBase(found) ?? '') ?? null;
}

function resolve(base: Node, scope: Scope, depth: number): ClassAt | string | null {
  if (depth > 50) return null;
  const plain =
    base.type === 'MemberExpression' && base.children[1]?.type === '[' ? base.children[0] : base;
  const dotted = plain ? dottedName(plain, scope.module.text) : null;
  return dotted === null ? null : resolveName(dotted, scope, depth);
}

function resolveName(dotted: string, scope: Scope, depth: number): ClassAt | string | null {
  if (depth > 50) return null;
  const own = scope.classes.get(dotted);
  if (own) return { scope, statement: own };
  const alias = scope.bindings.get(dotted);
  if (alias) return resolve(alias, scope, depth + 1);
  const [head = '', ...rest] = dotted.split('.');
  for (const { module, names } of scope.imports) {
    for (const { name, bound } of names) {
      if (bound === '*') {
        const sibling = scope.siblings.get(module ?? '');
        const found = sibling && rest.length === 0 ? resolveName(head, sibling, depth + 1) : null;
        if (found && typeof found !== 'string') return found;
      }
      if (bound !== head) continue;
      const full = [...(module === null ? [] : [module]), name, ...rest];
      const path = full.join('.').split('.');
      const sibling = scope.siblings.get(path.slice(0, -1).join('.'));
      return sibling
        ? resolveName(path.at(-1) as string, sibling, depth + 1)
        : (path.at(-1) ?? null);
    }
  }
  return dotted.split('.').at(-1) ?? null;
}
