/**
 * The dotted names that a folder's modules have when they are installed. PyBirch's modules are always named `pybirch…`,
 * whatever the folder of a clone or copy is called, and even if only a part of PyBirch is imported.
 */
import type { Bases } from './bases.ts';
import type { SourceFolder } from './folder.ts';

export class InstalledNames {
  readonly #folder: SourceFolder;
  /**
   * The name that the folders give (`copy`) and the installed name (`pybirch`). The value is undefined if the folder is
   * not PyBirch, or if both names are equal.
   */
  readonly #other: { prefix: string; name: string } | undefined;

  constructor(folder: SourceFolder, bases: Bases) {
    this.#folder = folder;
    this.#other = misnamed(folder, bases);
  }

  /** The installed name of a module; undefined if the module belongs to no package. */
  module(path: string): string | undefined {
    return this.#canonical(this.#folder.absoluteName(path));
  }

  /** The installed name of the package from which a relative import starts; undefined if there is none. */
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

/** Compares where the folder defines PyBirch's base classes with where PyBirch defines them. */
function misnamed(
  folder: SourceFolder,
  bases: Bases,
): { prefix: string; name: string } | undefined {
  for (const path of folder.paths) {
    for (const name of folder.outline(path).classes) {
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
