/**
 * The dotted names of a folder's modules when they are installed. PyBirch is always `pybirch`, whatever the
 * name of its clone, its copy, or the imported part of it.
 */
import type { Bases } from './bases.ts';
import type { SourceFolder } from './folder.ts';

export class InstalledNames {
  readonly #folder: SourceFolder;
  /**
   * If the folder is PyBirch or a part of it under other folder names, the prefix that those names would
   * give: `copy` for `pybirch`.
   */
  readonly #other: { prefix: string; name: string } | undefined;

  constructor(folder: SourceFolder, bases: Bases) {
    this.#folder = folder;
    this.#other = misnamed(folder, bases);
  }

  /** The name of a module; undefined if it belongs to no package. */
  module(path: string): string | undefined {
    return this.#canonical(this.#folder.absoluteName(path));
  }

  /** The name of the package that a relative import starts from; undefined if there is none. */
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

/** Compares the places of PyBirch's base classes in the folder with their places in PyBirch. */
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
