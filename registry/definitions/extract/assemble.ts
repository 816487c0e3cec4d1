/** Assembles one definition: writes the code that its class needs, names the modules, and adds the data files. */
import { checkPath } from '../names.ts';
import { STANDARD_LIBRARY } from '../stdlib.ts';
import { type Carving, keptStarts, runsAtImport } from './carve.ts';
import { namedFiles } from './data.ts';
import { tooLarge } from './large.ts';
import { moduleNames } from './names.ts';
import { dirname, joinPath } from './paths.ts';
import { renderPart, type Surroundings } from './render.ts';
import type { InstrumentClass } from './roles.ts';
import { sharedState } from './state.ts';
import type { SourceFile } from './types.ts';

export interface Assembled {
  files: Map<string, Uint8Array>;
  /** The paths in the folder of the data files that the definition contains. */
  data: string[];
  warnings: string[];
  /** Packages that the code may import by a name in a string. */
  packages: string[];
  /** Why no lab computer could load the definition; undefined if no reason is known. */
  unfit?: { line: number; reason: string };
}

type Around = Omit<Surroundings, 'names'>;

/** @param data every file of the folder by path */
export function assemble(
  cls: InstrumentClass,
  carving: Carving,
  around: Around,
  data: ReadonlyMap<string, SourceFile>,
  maxFileBytes?: number,
): Assembled {
  const helpers = [...carving.parts.keys()].filter((path) => path !== cls.path);
  const imported = importedPackages(carving, around);
  const names = moduleNames(
    cls.path,
    cls.name,
    helpers,
    (name) => STANDARD_LIBRARY.has(name) || imported.has(name),
  );
  const files = new Map<string, Uint8Array>();
  const carried: string[] = [];
  const warnings = importWarnings(carving, around);
  const packages = new Set<string>();
  let unfit: Assembled['unfit'];
  for (const [path, part] of carving.parts) {
    const { text, unresolved } = renderPart(part, { ...around, names });
    files.set(`${names.get(path)}.py`, new TextEncoder().encode(asUtf8(text)));
    for (const one of unresolved) {
      const where = `${path}:${one.line}: ${firstLine(one.text)}`;
      if (one.isComputed)
        warnings.push(
          `${where} imports a module by a computed name: a module of the folder would be missing in the definition`,
        );
      else if (one.isHandedOn) {
        const obstacle = one.package
          ? `needs the package ${one.package} installed`
          : 'would not find a module of the folder, which the definition does not contain';
        warnings.push(`${where} may be used to import: this import ${obstacle}`);
        if (one.package) packages.add(one.package);
      } else if (one.package)
        warnings.push(
          `${where} refers to a module outside the folder: needs the package ${one.package} installed`,
        );
      else if (one.always)
        unfit ??= {
          line: one.line,
          reason: `${where} refers to a module outside the folder: import a folder that contains both`,
        };
      else warnings.push(`${where} refers to a module outside the folder; the import is unchanged`);
    }
    const named = namedFiles(path, text, data);
    for (const from of named.beyond) {
      const how = "it is outside the module's folder, so a definition cannot contain it";
      warnings.push(`${path}: ${from} is named but not copied: ${how}`);
    }
    for (const relative of named.files) {
      const from = joinPath(dirname(path), relative);
      const obstacle = addData(files, relative, data.get(from), maxFileBytes);
      if (obstacle === null) carried.push(from);
      else warnings.push(`${path}: ${from} is named but not copied: ${obstacle}`);
    }
  }
  return { files, data: carried, warnings, packages: [...packages], ...(unfit && { unfit }) };
}

/** Adds a data file to `files`. If the file cannot be added, returns the reason. */
function addData(
  files: Map<string, Uint8Array>,
  path: string,
  source: SourceFile | undefined,
  maxFileBytes: number | undefined,
): string | null {
  const bytes = source?.bytes;
  if (!bytes) return tooLarge(source, maxFileBytes);
  const badPath = checkPath(path);
  if (badPath !== null) return badPath;
  const there = files.get(path);
  if (there && Buffer.compare(there, bytes) !== 0) return 'another file already has this path';
  files.set(path, bytes);
  return null;
}

/**
 * Warns about code that runs when the definition is imported, and about code that was left out and so no longer runs.
 */
function importWarnings(carving: Carving, { folder }: Around): string[] {
  const warnings: string[] = [];
  for (const [path, part] of carving.parts) {
    const { module } = part;
    for (const statement of part.kept) {
      if (!runsAtImport(module, statement)) continue;
      warnings.push(
        `${path}:${statement.line}: runs when imported: ${quote(module.text, statement)}`,
      );
    }
    const kept = keptStarts(part);
    for (const state of sharedState(folder, path)) {
      if (!state.outside || !kept.has(state.from)) continue;
      warnings.push(`${path}:${state.line}: creates ${state.name} when imported`);
    }
    if (part.whole && module.dynamic) {
      warnings.push(`${path}: looks names up while it runs, so the whole module is copied`);
    }
  }
  for (const { path, statement } of carving.dropped) {
    const { text } = folder.module(path);
    warnings.push(`${path}:${statement.line}: left out: ${quote(text, statement)}`);
  }
  return warnings;
}

/** The top-level names of the packages outside the folder that the kept statements import. */
function importedPackages(carving: Carving, { folder, stays, installed }: Around): Set<string> {
  const packages = new Set<string>();
  for (const [path, part] of carving.parts) {
    for (const statement of part.kept) {
      for (const found of statement.imports) {
        for (const clause of found.clauses) {
          const target = folder.resolveImport(path, found, clause);
          const module = target.kind === 'outside' ? target.module : installed.module(target.path);
          if (target.kind === 'outside' || stays.has(target.path)) {
            packages.add((module ?? '').split('.')[0] ?? '');
          }
        }
      }
    }
  }
  return packages;
}

/** Changes the file's encoding declaration (PEP 263) to UTF-8, because the file is written as UTF-8. */
function asUtf8(text: string): string {
  return text.replace(
    /^((?:.*\r?\n)?[ \t\f]*#.*?coding[:=][ \t]*)([-\w.]+)/,
    (all, before, name) => (/^utf-?8/i.test(name) ? all : `${before}utf-8`),
  );
}

function quote(text: string, { start, end }: { start: number; end: number }): string {
  return firstLine(text.slice(start, end));
}

function firstLine(text: string): string {
  const line = text.split(/\r?\n/, 1)[0] ?? '';
  return line.length > 80 ? `${line.slice(0, 77)}...` : line;
}
