/** What the code of an instrument class states, read without running it. */

import { attribute, definedSettings } from './attributes.ts';
import {
  type Ancestry,
  ancestry,
  type ClassAt,
  instrumentType,
  type Scope,
  scopeOf,
} from './classes.ts';
import { stringValue } from './constants.ts';
import { BASE_CLASSES } from './pybirch.ts';
import { DISTRIBUTIONS, STANDARD_LIBRARY } from './stdlib.ts';
import { type Module, parseModule, textOf } from './syntax.ts';
import type { ClassInfo, Json } from './types.ts';

/** A class with everything that was learned on the way to its ClassInfo. */
export interface Analysis {
  readonly info: ClassInfo;
  readonly found: ClassAt;
  readonly ancestry: Ancestry;
}

/**
 * Analyses the class `name`, or the last instrument class of the text. `siblings` are the other modules
 * of the definition, path to text. Unknown values are null; a setting whose value is unknown is left out.
 * @returns null where there is no such class
 * @throws DefinitionError `too_deep`
 */
export function analyse(
  text: string,
  name?: string,
  siblings: ReadonlyMap<string, string> = new Map(),
): ClassInfo | null {
  const modules = new Map([...siblings].map(([path, source]) => [path, parseModule(source)]));
  return analyseClass(parseModule(text), name, modules)?.info ?? null;
}

/** As `analyse` on parsed modules, with the class's place and bases. */
export function analyseClass(
  module: Module,
  name: string | undefined,
  siblings: ReadonlyMap<string, Module>,
): Analysis | null {
  const scopes = new Map<string, Scope>();
  const main = scopeOf(module, scopes);
  for (const [path, source] of siblings) scopes.set(moduleName(path), scopeOf(source, scopes));
  if (name !== undefined) scopes.set(name, main);
  const found = choose(main, name);
  if (!found) return null;
  const bases = ancestry(found);
  const { classes } = bases;
  const settings = definedSettings(classes);
  const info: ClassInfo = {
    name: found.statement.name,
    instrument_type: instrumentType(bases),
    base_classes: found.statement.bases.map((base) => textOf(base, module.text)),
    docstring: docstring(found),
    data_columns: texts(attribute(classes, 'data_columns')),
    data_units: texts(attribute(classes, 'data_units')),
    position_column: word(attribute(classes, 'position_column')),
    position_units: word(attribute(classes, 'position_units')),
    default_settings: settings,
    settings_schema: settings && schemaOf(settings),
    dependencies: dependencies([main, ...scopes.values()], scopes),
  };
  return { info, found, ancestry: bases };
}

function moduleName(path: string): string {
  return path.replace(/(?:\/__init__)?\.pyw?$/, '').replaceAll('/', '.');
}

function choose(scope: Scope, name: string | undefined): ClassAt | null {
  const classes = [...scope.classes.values()].map((statement) => ({ scope, statement }));
  if (name !== undefined) return classes.find((one) => one.statement.name === name) ?? null;
  return classes.findLast((one) => instrumentType(ancestry(one)) !== null) ?? null;
}

/** Cleaned as Python's `inspect.cleandoc` does. */
function docstring({ scope, statement }: ClassAt): string | null {
  const [first] = statement.body;
  if (first?.kind !== 'expression' || first.value?.type !== 'String') return null;
  const value = stringValue(textOf(first.value, scope.module.text));
  if (value === undefined) return null;
  const [head = '', ...lines] = value.replaceAll('\t', '        ').split('\n');
  const margins = lines.filter((line) => line.trim()).map((line) => line.search(/\S/));
  const margin = margins.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY);
  const cut = Number.isFinite(margin) ? lines.map((line) => line.slice(margin)) : lines;
  return [head.trimStart(), ...cut].join('\n').replace(/^\n+|\s+$/g, '');
}

function texts(value: Json | undefined): string[] | null {
  const isTexts = Array.isArray(value) && value.every((one) => typeof one === 'string');
  return isTexts ? (value as string[]) : null;
}

function word(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/** The types of the default settings as JSON Schema; nothing is said of a default of None. */
function schemaOf(settings: { [key: string]: Json }): { [key: string]: Json } {
  const properties = Object.entries(settings).map(([key, value]) => [key, typeSchema(value)]);
  return { type: 'object', properties: Object.fromEntries(properties) };
}

function typeSchema(value: Json): { [key: string]: Json } {
  if (value === null) return {};
  if (Array.isArray(value)) return { type: 'array' };
  if (typeof value === 'object') return schemaOf(value);
  return { type: typeof value };
}

/** Distributions that the modules import, in order of name. */
function dependencies(scopes: readonly Scope[], siblings: ReadonlyMap<string, Scope>): string[] {
  const own = new Set([...siblings.keys()].map((path) => path.split('.')[0]));
  const roots = new Set<string>();
  for (const { imports } of scopes) {
    for (const { module, level, names } of imports) {
      if (level > 0) continue;
      for (const { name } of module === null ? names : [{ name: module }])
        roots.add(name.split('.')[0] as string);
    }
  }
  const outside = [...roots].filter(
    (root) => root !== 'pybirch' && !own.has(root) && !STANDARD_LIBRARY.has(root),
  );
  return [...new Set(outside.map((root) => DISTRIBUTIONS.get(root) ?? root))].sort();
}

/** Whether a base of the class lies outside PyBirch and the definition, so that it may bring anything. */
export function hasForeignBase({ outside }: Ancestry): boolean {
  return outside.some((name) => !BASE_CLASSES.has(name) && name !== 'object' && name !== 'ABC');
}
