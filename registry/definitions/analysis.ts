/** What the code of an instrument class states. The code is read, never run. */

import { type Described, describeInstances } from './attributes.ts';
import { type Ancestry, type ClassAt, Classes } from './classes.ts';
import { stringValue } from './literals.ts';
import { definitionProgram } from './program.ts';
import { Resolver } from './resolve.ts';
import { DISTRIBUTIONS, STANDARD_LIBRARY } from './stdlib.ts';
import { type ImportStatement, type Module, readImport, textOf, walk } from './syntax.ts';
import type { ClassInfo, Json } from './types.ts';

/** The analysis of a class: its `ClassInfo`, and the class, bases and attributes from which `ClassInfo` was made. */
export interface Analysis {
  readonly info: ClassInfo;
  readonly found: ClassAt;
  readonly ancestry: Ancestry;
  readonly described: Described;
}

/** The last analysis of each parsed module: whoever validates a version describes it next. */
const analyses = new WeakMap<Module, Analysed>();

interface Analysed {
  name: string | undefined;
  siblings: ReadonlyMap<string, Module>;
  analysis: Analysis | null;
}

/**
 * Analyses the class `name` of a parsed module, or the last instrument class if there is no name. `siblings` are the
 * other modules of the definition by path. Unknown values are null. A setting whose default is unknown is left out.
 * @returns null if there is no such class
 */
export function analyseClass(
  module: Module,
  name: string | undefined,
  siblings: ReadonlyMap<string, Module>,
): Analysis | null {
  const last = analyses.get(module);
  if (last && last.name === name && areSame(last.siblings, siblings)) return last.analysis;
  const analysis = analyse(module, name, siblings);
  analyses.set(module, { name, siblings, analysis });
  return analysis;
}

/** Whether both have the same parsed modules, which never change. */
const areSame = (some: ReadonlyMap<string, Module>, others: ReadonlyMap<string, Module>): boolean =>
  some.size === others.size && [...some].every(([path, module]) => others.get(path) === module);

function analyse(
  module: Module,
  name: string | undefined,
  siblings: ReadonlyMap<string, Module>,
): Analysis | null {
  const main = name === undefined ? 'source.py' : `${name}.py`;
  const modules = new Map([...siblings, [main, module]]);
  const program = definitionProgram(modules);
  const known = new Classes(new Resolver(program));
  const found = name === undefined ? lastInstrument(known, main) : known.named(main, name)[0];
  if (!found || found.path !== main || (name !== undefined && found.statement.name !== name))
    return null;
  const bases = known.ancestry(found);
  const described = describeInstances(known, found, modules.values());
  const { values, settings } = described;
  const info: ClassInfo = {
    name: found.statement.name,
    instrument_type: bases.type,
    base_classes: found.statement.bases.map((base) => textOf(base, module.text)),
    docstring: docstring(found),
    data_columns: texts(values.data_columns),
    data_units: texts(values.data_units),
    position_column: word(values.position_column),
    position_units: word(values.position_units),
    default_settings: settings ?? null,
    settings_schema: described.keys && schemaOf(described.keys),
    dependencies: dependencies(modules),
  };
  return { info, found, ancestry: bases, described };
}

/** The last class of the module that is an instrument. */
function lastInstrument(known: Classes, path: string): ClassAt | undefined {
  const names = new Set<string>();
  const collect = (statements: Module['statements']): void => {
    for (const one of statements) {
      if (one.kind === 'block') one.bodies.forEach(collect);
      if (one.kind !== 'class') continue;
      names.delete(one.name);
      names.add(one.name);
    }
  };
  collect(known.resolver.module(path).statements);
  return [...names]
    .reverse()
    .flatMap((name) => known.named(path, name).slice(0, 1))
    .find((one) => one.path === path && known.ancestry(one).type !== null);
}

/** The docstring, cleaned like Python's `inspect.cleandoc`. */
function docstring({ module, statement }: ClassAt): string | null {
  const [first] = statement.body;
  if (first?.kind !== 'expression' || first.value?.type !== 'String') return null;
  const value = stringValue(textOf(first.value, module.text));
  if (value === undefined) return null;
  const [head = '', ...lines] = value.replaceAll('\t', '        ').split('\n');
  const margins = lines.filter((line) => line.trim()).map((line) => line.search(/\S/));
  const margin = margins.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY);
  const cut = Number.isFinite(margin) ? lines.map((line) => line.slice(margin)) : lines;
  return [head.trimStart(), ...cut].join('\n').replace(/^\n+/, '').trimEnd();
}

function texts(value: Json | undefined): string[] | null {
  const isTexts = Array.isArray(value) && value.every((one) => typeof one === 'string');
  return isTexts ? (value as string[]) : null;
}

function word(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/** A JSON Schema with the type of each default setting. A default that is None or unknown gives no type. */
function schemaOf(settings: Iterable<[string, Json | undefined]>): { [key: string]: Json } {
  const properties = [...settings].map(([key, value]) => [key, typeSchema(value)]);
  return { type: 'object', properties: Object.fromEntries(properties) };
}

function typeSchema(value: Json | undefined): { [key: string]: Json } {
  if (value === null || value === undefined) return {};
  if (Array.isArray(value)) return { type: 'array' };
  if (typeof value === 'object') return schemaOf(Object.entries(value));
  return { type: typeof value };
}

/** The pip packages that the modules import, sorted by name. */
function dependencies(modules: ReadonlyMap<string, Module>): string[] {
  const own = new Set([...modules.keys()].map((path) => path.split('/')[0]?.replace(/\.py$/, '')));
  const roots = new Set<string>();
  for (const { module, level, names } of [...modules.values()].flatMap(importsOf)) {
    if (level > 0) continue;
    for (const { name } of module === null ? names : [{ name: module }])
      roots.add(name.split('.')[0] as string);
  }
  const outside = [...roots].filter(
    (root) => root !== 'pybirch' && !own.has(root) && !STANDARD_LIBRARY.has(root),
  );
  return [...new Set(outside.map((root) => DISTRIBUTIONS.get(root) ?? root))].sort();
}

/** Every import statement, including those inside functions. */
function importsOf({ root, text }: Module): ImportStatement[] {
  const found: ImportStatement[] = [];
  walk(root, (node) => {
    if (node.type === 'ImportStatement') found.push(readImport(node, text));
    return true;
  });
  return found;
}
