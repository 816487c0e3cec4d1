/**
 * The dotted names by which the modules of a folder are imported where they are installed. PyBirch is always `pybirch`,
 * whatever its clone, a copy of it, or the part of it that is imported is called.
 */
import type { Bases } from './bases.ts';
import type { SourceFolder } from './folder.ts';

export class InstalledNames {
  readonly #folder: SourceFolder;
  /** What PyBirch's package, or the part of it that the folder is, would be called by its folders: `copy` for `pybirch`. */
  readonly #other: { prefix: string; name: string } | undefined;

  constructor(folder: SourceFolder, bases: Bases) {
    this.#folder = folder;
    this.#other = misnamed(folder, bases);
  }

  /** Of a module; undefined where it belongs to no package. */
  module(path: string): string | undefined {
    return this.#canonical(this.#folder.absoluteName(path));
  }

  /** Of the package that a relative import starts from; undefined where it belongs to none. */
  package(importer: string, level: number): string | undefined {
    return this.#canonical(this.#folder.absoluteBase(importer, level));
  }

  #canonical(dotted: string | undefined): string | undefined {
    if (dotted === undefined) return undefined;
    const parts = dotted.split('.');
    const at = parts.lastIndexOf('pybirch');
    if (at >= 0) return parts.slice(at).join('.');
    const { prefix, name } = this.#other ?? { prefix: '', name: '' };
    if (prefix === '' || !`${dotted}.`.startsWith(`${prefix}.`)) return dotted;
    return name + dotted.slice(prefix.length);
  }
}

/** Compares where the folder has PyBirch's base classes with where PyBirch has them. */
function misnamed(
  folder: SourceFolder,
  bases: Bases,
): { prefix: string; name: string } | undefined {
  for (const path of folder.paths) {
    for (const name of folder.module(path).classes.keys()) {
      const canonical = bases.definesBase(path, name) && bases.pybirchModule(name)?.split('.');
      const here = folder.absoluteName(path)?.split('.');
      if (!canonical || !here || here.includes('pybirch')) continue;
      while (here.length > 1 && canonical.length > 1 && here.at(-1) === canonical.at(-1)) {
        here.pop();
        canonical.pop();
      }
      return { prefix: here.join('.'), name: canonical.join('.') };
    }
  }
  return undefined;
}
