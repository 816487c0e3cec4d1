/**
 * Imports definitions in the layout of `registry export`: `<Name>.py` at the root, or `<Name>/<Name>.py` with the other
 * files of the folder `<Name>`. The files of an export are taken byte for byte, so that importing an export changes
 * nothing. Other classes in the files of an export do not become definitions.
 */
import type { Bases } from './bases.ts';
import { isPlainImport } from './carve.ts';
import { namedFiles } from './data.ts';
import type { SourceFolder } from './folder.ts';
import { writeHead } from './head.ts';
import type { SourceImport } from './imports.ts';
import { isTooLarge, tooLarge } from './large.ts';
import { namedImports } from './named-imports.ts';
import { byText, dirname } from './paths.ts';
import type { Extracted, Skipped, SourceFile } from './types.ts';

export interface Whole {
  definitions: {
    path: string;
    name: string;
    line: number;
    /** Creates the definition from the files as they are now. */
    make: () => Extracted;
  }[];
  skipped: Skipped[];
  /** The paths of the files that belong to definitions in the layout of an export. Nothing else uses the files. */
  claimed: Set<string>;
}

/** @param all every file by path */
export function takeWhole(
  all: ReadonlyMap<string, SourceFile>,
  folder: SourceFolder,
  bases: Bases,
  maxFileBytes?: number,
): Whole {
  const whole: Whole = { definitions: [], skipped: [], claimed: new Set() };
  const below = Map.groupBy(all.keys(), (path) => path.split('/', 1)[0] ?? '');
  for (const path of [...folder.paths].sort(byText)) {
    const [, parent, name] = /^(?:([A-Za-z_]\w*)\/)?([A-Za-z_]\w*)\.py$/.exec(path) ?? [];
    if (name === undefined || (parent !== undefined && parent !== name)) continue;
    if (!folder.outline(path).classes.includes(name)) continue;
    folder.trim();
    const cls = folder.module(path).classes.get(name);
    const reached = cls ? bases.reached(path, name) : null;
    if (!cls || bases.isBaseName(name) || !(reached || hasHeader(folder.module(path).text)))
      continue;
    const paths = parent === undefined ? [path] : (below.get(parent) ?? []);
    if (parent === undefined && needsNeighbours(folder, path, all)) continue;
    const larger = paths.find((path) => isTooLarge(all.get(path), maxFileBytes));
    for (const path of paths) whole.claimed.add(path);
    const lost = parent === undefined ? undefined : leadsOut(folder, paths, parent);
    if (lost) {
      const reason = `${lost.path}:${lost.line}: ${lost.text} refers to a module outside the folder: import a folder that contains both`;
      const { line } = cls.statement;
      whole.skipped.push({ path, class: name, kind: 'lost', line, reason });
      continue;
    }
    if (larger !== undefined) {
      const reason = tooLarge(all.get(larger), maxFileBytes);
      whole.skipped.push({ path: larger, class: name, kind: 'lost', reason });
      continue;
    }
    const { line } = cls.statement;
    const make = (): Extracted => {
      const definition: Extracted = {
        name,
        files: filesOf(all, paths, parent),
        origin: path,
        line,
        instrument_type: reached?.type ?? null,
        category: null,
        manufacturer: null,
        warnings: [],
      };
      // The header of an export states what the code does not show. A lab's own file may have no such header, so the
      // facts are added.
      const asFound = new Map(definition.files);
      writeHead(definition, { type: reached?.type ?? null, further: reached?.further ?? false });
      return { ...definition, asFound };
    };
    whole.definitions.push({ path, name, line, make });
    whole.skipped.push(...others(folder, bases, paths, name, path));
  }
  return whole;
}

function filesOf(
  all: ReadonlyMap<string, SourceFile>,
  paths: readonly string[],
  parent: string | undefined,
): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const path of paths) {
    const bytes = all.get(path)?.bytes;
    if (bytes) files.set(parent === undefined ? path : path.slice(parent.length + 1), bytes);
  }
  return files;
}

/**
 * Whether the text has a header for PyBirch. A header for PyBirch makes a class a definition, whatever its base class.
 */
function hasHeader(text: string): boolean {
  return /^# \/\/\/ script\s*$/m.test(text) && /^# \[tool\.pybirch/m.test(text);
}

/**
 * Whether a single file imports modules of the folder or names data files in it. An export would put such a definition
 * in a folder of its own.
 */
function needsNeighbours(
  folder: SourceFolder,
  path: string,
  all: ReadonlyMap<string, SourceFile>,
): boolean {
  const module = folder.module(path);
  const { statements, text } = module;
  const imports = statements.flatMap((statement) => statement.imports);
  if (statements.some((one) => namedImports(folder, module, one).some(({ path }) => path)))
    return true;
  if (imports.some((found) => found.level > 0 || leadsToNeighbour(folder, path, found)))
    return true;
  const data = new Set([...all.keys()].filter((one) => !one.endsWith('.py')));
  return data.size > 0 && namedFiles(path, text, data).files.length > 0;
}

function leadsToNeighbour(folder: SourceFolder, path: string, found: SourceImport): boolean {
  if (found.module !== null && folder.find(path, found.level, found.module) !== undefined)
    return true;
  return found.clauses.some(
    (clause) => folder.resolveImport(path, found, clause).kind !== 'outside',
  );
}

/**
 * A relative import that refers outside the folder of the definition, even if the imported folder contains its target.
 */
function leadsOut(folder: SourceFolder, paths: string[], parent: string) {
  for (const path of paths) {
    if (dirname(path) !== parent || !folder.has(path)) continue;
    const { statements, text } = folder.module(path);
    for (const statement of statements.filter(isPlainImport)) {
      for (const found of statement.imports) {
        const target = found.level > 0 && folder.find(path, found.level, found.module ?? '');
        const isHere = typeof target === 'string' && target.startsWith(`${parent}/`);
        const isModule = found.level === 1 && found.module === '';
        if (found.level > 0 && !isHere && !isModule)
          return { path, line: statement.line, text: text.slice(found.from, found.to) };
      }
    }
  }
  return undefined;
}

function others(
  folder: SourceFolder,
  bases: Bases,
  paths: string[],
  name: string,
  file: string,
): Skipped[] {
  return paths
    .filter((path) => folder.has(path) && dirname(path) === dirname(file))
    .flatMap((path) =>
      [...folder.module(path).classes].flatMap(([other, cls]) =>
        other !== name && bases.reached(path, other)
          ? [
              {
                path,
                class: other,
                kind: 'helper',
                line: cls.statement.line,
                reason: `stays inside ${name}, because this is a file of ${name}`,
              },
            ]
          : [],
      ),
    );
}
