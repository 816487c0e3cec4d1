/** Writes the needed parts of modules as files of one definition, and adapts their imports to the new places. */
import type { Bases } from './bases.ts';
import { isPlainImport, type Part } from './carve.ts';
import type { SourceFolder, Target } from './folder.ts';
import { bindsParent, type ImportClause, type SourceImport, writeClause } from './imports.ts';
import type { InstalledNames } from './installed.ts';
import type { Statement } from './module.ts';
import { type NamedImport, namedImports, writeNamed } from './named-imports.ts';
import { namedInStrings } from './named-in-strings.ts';
import { dirname } from './paths.ts';

const LINE_WIDTH = 99;

export interface Rendered {
  text: string;
  /** Imports that refer to nothing in the definition. They are left unchanged. */
  unresolved: Unresolved[];
}

export interface Unresolved {
  line: number;
  text: string;
  /** Whether the import runs, and then fails, whenever the module is imported. */
  always: boolean;
  /** The package outside the folder that the import now refers to. Lab computers may not have the package. */
  package?: string;
  /** Whether code computes the name of the imported module. */
  isComputed?: boolean;
  /** Whether code outside the folder gets the name of a module and may import that module. */
  isHandedOn?: boolean;
}

/** A clause of an import after rewriting. `module` is null for `import name`. */
interface Item {
  module: string | null;
  name: string;
  bound: string;
}

interface Edit {
  from: number;
  to: number;
  text: string;
}

export interface Surroundings {
  folder: SourceFolder;
  bases: Bases;
  stays: ReadonlySet<string>;
  installed: InstalledNames;
  /** The name in the definition for the path of each included module. */
  names: ReadonlyMap<string, string>;
}

/** The text of one part: the kept statements in their order and formatting, below the header of the file. */
export function renderPart(part: Part, around: Surroundings): Rendered {
  const { text, statements } = part.module;
  const unresolved: Rendered['unresolved'] = [];
  const first = statements[0];
  let result = first && !part.kept.has(first) ? text.slice(0, first.start) : '';
  const renames = new Map<string, string>();
  const orphans = orphanNames(part);
  for (const statement of statements) {
    if (!part.kept.has(statement)) continue;
    const edits = statement.imports.flatMap((found) =>
      rewrite(part, statement, found, around, { orphans, renames, unresolved }),
    );
    const named = namedImports(around.folder, part.module, statement);
    const byName = named.flatMap((one) => rewriteNamed(one, around, unresolved));
    for (const { line, text, package: away } of namedInStrings(
      around,
      part.module,
      statement,
      named,
    ))
      if (away === undefined || !isInstalled(away, around))
        unresolved.push({
          line,
          text,
          always: false,
          isHandedOn: true,
          ...(away && { package: away }),
        });
    result += applyEdits(text, statement, [...edits, ...byName]);
  }
  const last = statements.at(-1);
  if (!last || part.kept.has(last)) result += text.slice(last?.to ?? 0);
  for (const [dotted, name] of renames) {
    result = result.replace(
      new RegExp(`(?<![\\w.])${dotted.replaceAll('.', '\\.')}(?=\\.)`, 'g'),
      name,
    );
  }
  return { text: result, unresolved };
}

/** Names that only left-out statements use. Imports of these names would be unused, so the imports are left out too. */
function orphanNames(part: Part): Set<string> {
  const orphans = new Set<string>();
  for (const statement of part.module.statements) {
    if (part.kept.has(statement)) continue;
    for (const name of statement.uses) if (!part.needed.has(name)) orphans.add(name);
  }
  return orphans;
}

/**
 * Rewrites an import by name to the module's name in the definition. Reports a module that the definition does not
 * contain.
 */
function rewriteNamed(
  one: NamedImport,
  { names, stays, installed }: Surroundings,
  unresolved: Unresolved[],
): Edit[] {
  const { from, to, line, text, path, level } = one;
  if (path && stays.has(path)) {
    const module = installed.module(path);
    return module ? [{ from, to, text: writeNamed(one, module) }] : [];
  }
  const name = path && names.get(path);
  if (name) return [{ from, to, text: writeNamed(one, name) }];
  const isComputed = path === null;
  if (isComputed || level > 0) unresolved.push({ line, text, always: false, isComputed });
  return [];
}

interface Notes {
  orphans: ReadonlySet<string>;
  renames: Map<string, string>;
  unresolved: Rendered['unresolved'];
}

function rewrite(
  part: Part,
  statement: Statement,
  found: SourceImport,
  around: Surroundings,
  { orphans, renames, unresolved }: Notes,
): Edit[] {
  const { text, path } = part.module;
  const items: Item[] = [];
  let changed = false;
  for (const clause of found.clauses) {
    const item = lead(path, found, clause, around);
    const { bound } = clause;
    const wanted =
      part.whole || !isPlainImport(statement) || bound === '*' || part.needed.has(bound);
    const place = {
      line: statement.line,
      text: text.slice(found.from, found.to),
      always: !found.nested && isPlainImport(statement),
    };
    if (item === 'gone') {
      if (wanted) unresolved.push(place);
      return [];
    }
    const stays = wanted || (item === 'same' && !orphans.has(bound));
    changed ||= item !== 'same' || !stays;
    if (!stays) continue;
    const away = wanted && leavesFolder(path, found, item, around);
    if (away) unresolved.push({ ...place, package: away });
    if (item === 'same') items.push({ module: found.module, name: clause.name, bound: bound });
    else if (item !== 'own') items.push(item);
    if (found.module === null && typeof item === 'object' && bindsParent(clause)) {
      renames.set(clause.name, item.name);
    }
  }
  const acting = actingModules(part, found, around).filter((one) =>
    items.every(({ module }) => module !== one.name),
  );
  items.push(...acting);
  return changed || acting.length > 0
    ? [{ from: found.from, to: found.to, text: write(items, text, found.from) }]
    : [];
}

/** The modules that an import statement must still run although no name from these modules is needed. */
function actingModules(
  { module, acting }: Part,
  found: SourceImport,
  around: Surroundings,
): Item[] {
  if (acting.size === 0) return [];
  const paths = found.clauses.flatMap((clause) => {
    const target = around.folder.resolveImport(module.path, found, clause);
    return target.kind === 'definition' && acting.has(target.path) ? [target.path] : [];
  });
  return [...new Set(paths)].flatMap((path) => {
    const name = around.names.get(path);
    if (name === undefined) return [];
    return [{ module: null, name, bound: module.bindings.has(name) ? `_${name}` : name }];
  });
}

/**
 * What a clause becomes: unchanged (`same`), an import of another module, a name of the same file (`own`), or left out
 * (`gone`).
 */
function lead(
  path: string,
  found: SourceImport,
  clause: ImportClause,
  around: Surroundings,
): Item | 'same' | 'own' | 'gone' {
  const { folder, names, stays } = around;
  const { bound } = clause;
  const resolved = folder.resolveImport(path, found, clause);
  const target: Target =
    clause.name === '*' && resolved.kind === 'module'
      ? { ...resolved, kind: 'definition', name: '*' }
      : resolved;
  const source = found.module ? folder.find(path, found.level, found.module) : undefined;
  const neighbour = source === undefined || source === path ? undefined : names.get(source);
  if (target.kind === 'outside' && neighbour !== undefined)
    return { module: neighbour, name: clause.name, bound };
  if (target.kind === 'outside')
    return found.level === 0 ? 'same' : leadOut(path, found, clause, around);
  if (stays.has(target.path)) return leadToInstalled(path, found, clause, target, around);
  const name = names.get(target.path);
  // No kept statement needs the module, so the definition does not contain it. The caller drops the clause.
  if (name === undefined) return 'own';
  if (target.path === path) return 'own';
  if (target.kind === 'definition') return { module: name, name: target.name, bound };
  return {
    module: null,
    name,
    bound: bindsParent(clause) ? name : bound,
  };
}

/** Rewrites a relative import of something outside the folder. The import works only if the package is installed. */
function leadOut(
  path: string,
  found: SourceImport,
  clause: ImportClause,
  around: Surroundings,
): Item | 'gone' {
  const base = around.installed.package(path, found.level);
  const depth = dirname(path) === '' ? 0 : dirname(path).split('/').length;
  const isInside = found.level - 1 <= depth;
  if (base === undefined || (isInside && !isInstalled(base, around))) return 'gone';
  const module = found.module ? `${base}.${found.module}` : base;
  return { module, name: clause.name, bound: clause.bound };
}

/** The package above the folder that a relative import refers to; undefined if that package is certainly installed. */
function leavesFolder(
  path: string,
  found: SourceImport,
  item: Item | 'same' | 'own',
  around: Surroundings,
): string | undefined {
  if (found.level === 0 || typeof item !== 'object' || item.module === null) return undefined;
  const base = around.installed.package(path, found.level);
  if (!base || !`${item.module}.`.startsWith(`${base}.`) || isInstalled(base, around))
    return undefined;
  return base.split('.')[0];
}

/** Whether the package is PyBirch, or contains the base classes that the folder uses. */
function isInstalled(dotted: string, { stays, installed }: Surroundings): boolean {
  const [top] = dotted.split('.');
  return (
    top === 'pybirch' || [...stays].some((path) => installed.module(path)?.split('.')[0] === top)
  );
}

function leadToInstalled(
  path: string,
  found: SourceImport,
  clause: ImportClause,
  target: Exclude<Target, { kind: 'outside' }>,
  around: Surroundings,
): Item | 'same' | 'gone' {
  const { folder, bases, installed } = around;
  const { bound } = clause;
  const source = found.module === null ? target.path : folder.find(path, found.level, found.module);
  const absolute = source === undefined ? undefined : installed.module(source);
  const written = found.module === null ? clause.name : found.module;
  // A script may import a module beside it by its bare name. In an installed package that module has a different name;
  // the names of other modules stay the same.
  const isNeighbour = source !== undefined && folder.find(path, 1, written) === source;
  if (found.level === 0 && (written === absolute || !isNeighbour)) return 'same';
  if (absolute !== undefined && found.module !== null)
    return { module: absolute, name: clause.name, bound };
  const own = installed.module(target.path) ?? pybirchModuleOf(target, around);
  if (own === undefined) return 'gone';
  if (target.kind === 'definition') {
    const module = target.name === '*' ? own : (bases.pybirchModule(target.name) ?? own);
    return { module, name: target.name, bound };
  }
  const dot = own.lastIndexOf('.');
  return dot < 0
    ? { module: null, name: own, bound }
    : { module: own.slice(0, dot), name: own.slice(dot + 1), bound };
}

/** Finds the module of PyBirch for a copy of that module in the folder. */
function pybirchModuleOf(
  target: { path: string },
  { folder, bases }: Surroundings,
): string | undefined {
  for (const name of folder.outline(target.path).classes) {
    const module = bases.pybirchModule(name);
    if (module !== undefined) return module;
  }
  return undefined;
}

function write(items: Item[], text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const before = text.slice(lineStart, offset);
  const alone = before.trim() === '';
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const lines: string[] = [];
  const groups = new Map<string, string[]>();
  for (const item of items) {
    if (item.module === null) lines.push(`import ${writeClause(item.name, item.bound)}`);
    else {
      const clauses = groups.get(item.module) ?? [];
      groups.set(item.module, [...clauses, writeClause(item.name, item.bound)]);
    }
  }
  for (const [module, clauses] of groups) {
    const line = `from ${module} import ${clauses.join(', ')}`;
    const isLong = alone && before.length + line.length > LINE_WIDTH;
    const inner = `${newline}${before}    `;
    lines.push(
      isLong
        ? `from ${module} import (${inner}${clauses.join(`,${inner}`)},${newline}${before})`
        : line,
    );
  }
  if (lines.length === 0) return 'pass';
  return lines.join(alone ? `${newline}${before}` : '; ');
}

function applyEdits(text: string, statement: Statement, edits: Edit[]): string {
  let result = '';
  let at = statement.from;
  for (const edit of edits.sort((a, b) => a.from - b.from)) {
    result += text.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return result + text.slice(at, statement.to);
}
