/**
 * Finds the classes of a folder that are PyBirch instruments: those that inherit from one of its base
 * classes.
 */
import { type BaseTypes, type ClassAt, Classes } from '../classes.ts';
import { BASE_CLASSES, OLDER_MODULES } from '../pybirch.ts';
import { Resolver } from '../resolve.ts';
import type { Node } from '../syntax.ts';
import type { InstrumentType } from '../types.ts';
import type { SourceFolder } from './folder.ts';
import { TREES } from './texts.ts';

export type { BaseTypes } from '../classes.ts';

export interface Reached {
  type: InstrumentType;
  /** True for one of the further base classes, which cannot be recognised from the code alone. */
  further: boolean;
  /** The file that defines the base class, if it is in the folder. */
  baseModule?: string;
}

export class Bases {
  readonly #folder: SourceFolder;
  readonly #extra: BaseTypes;
  #opened: Classes | undefined;
  /** The modules whose trees are in memory, and the total length of their texts. */
  readonly #seen = new Set<string>();
  #length = 0;

  /** @param extra further base classes (`--base Name=type`), accepted from any module */
  constructor(folder: SourceFolder, extra: BaseTypes) {
    this.#folder = folder;
    this.#extra = extra;
  }

  /** The resolver is replaced from time to time, because its results keep the modules' trees in memory. */
  get #classes(): Classes {
    if (this.#opened && this.#length <= TREES) return this.#opened;
    this.#seen.clear();
    this.#length = 0;
    const folder = this.#folder;
    const module = (path: string) => {
      const { tree } = folder.module(path);
      if (!this.#seen.has(path)) this.#length += tree.text.length;
      this.#seen.add(path);
      return tree;
    };
    const find = (importer: string, level: number, dotted: string) =>
      folder.find(importer, level, dotted);
    this.#opened = new Classes(new Resolver({ module, find }), this.#extra);
    return this.#opened;
  }

  /** True for PyBirch's own base classes and mixins, and for the further ones. */
  isBaseName(name: string): boolean {
    return BASE_CLASSES.has(name) || this.#extra.has(name);
  }

  /** The module of PyBirch that defines this base class. */
  pybirchModule(name: string): string | undefined {
    return BASE_CLASSES.has(name) ? (OLDER_MODULES[name] ?? 'pybirch.Instruments.base') : undefined;
  }

  /** Whether the module defines a base class itself, rather than a fallback for computers without PyBirch. */
  definesBase(path: string, name: string): boolean {
    if (!this.isBaseName(name)) return false;
    const meanings = this.#classes.resolver.name(path, name);
    const isHere = meanings.map((one) => one.kind === 'class' && one.path === path);
    return isHere.includes(true) && !isHere.includes(false);
  }

  /**
   * The base class that the class inherits from. As in Python, the first base that is an instrument decides.
   */
  reached(path: string, name: string): Reached | null {
    const found = this.#named(path, name);
    if (!found) return null;
    const { type, base, baseModule } = this.#classes.ancestry(found);
    if (type === null) return null;
    const isDefined = baseModule !== undefined && this.definesBase(baseModule, base ?? '');
    return {
      type,
      further: this.#extra.has(base ?? ''),
      ...(isDefined && { baseModule }),
    };
  }

  /** Whether a class with these base expressions is an instrument, at any place in the module. */
  isInstrument(path: string, bases: readonly Node[]): boolean {
    return bases.some((base) => this.#classes.typeBy(path, base) !== null);
  }

  /**
   * Whether the folder's own code computes a base of the class, so that it is unknown without running the
   * code.
   */
  isComputed(path: string, name: string): boolean {
    const found = this.#named(path, name);
    if (!found) return false;
    const { resolver } = this.#classes;
    const bases = this.#classes.bases(found);
    const isOpen = (meanings: (typeof bases)[number] = []): boolean =>
      meanings.some(({ kind }) => kind === 'unknown' || kind === 'value');
    return bases.some((meanings, i) => {
      const base = found.statement.bases[i];
      // The results of `namedtuple("Row", "a b")` and `Generic[T]` depend on outside packages.
      return isOpen(meanings) && (!base || isOpen(resolver.expression(path, rootOf(base))));
    });
  }

  /** The classes of the folder that this class names as its bases. */
  parents(path: string, name: string): { path: string; name: string }[] {
    const found = this.#named(path, name);
    if (!found) return [];
    return this.#classes
      .bases(found)
      .flat()
      .flatMap((one) =>
        one.kind === 'class' ? [{ path: one.path, name: one.statement.name }] : [],
      );
  }

  /**
   * The class and its ancestors in the folder, in Python's method resolution order. `isBase` is true for a
   * base class and its own ancestors.
   */
  line(path: string, name: string): { path: string; name: string; isBase: boolean }[] {
    const found = this.#named(path, name);
    if (!found) return [];
    const line = this.#lineOf(found);
    // Compares by place, because the resolver may be replaced meanwhile.
    const placeOf = ({ path, statement }: ClassAt): string => `${path}\n${statement.node.from}`;
    const bases = new Set<string>();
    for (const one of line) {
      if (!this.definesBase(one.path, one.statement.name)) continue;
      for (const base of this.#lineOf(one)) bases.add(placeOf(base));
    }
    return line.map((one) => ({
      path: one.path,
      name: one.statement.name,
      isBase: bases.has(placeOf(one)),
    }));
  }

  #lineOf(cls: ClassAt): readonly ClassAt[] {
    const [line] = this.#classes.lines(cls) ?? [];
    if (!line) return this.#classes.ancestry(cls).classes;
    return line.flatMap((one) => (one.kind === 'class' ? [one.at] : []));
  }

  #named(path: string, name: string): ClassAt | undefined {
    return this.#classes
      .named(path, name)
      .find((one) => one.path === path && one.statement.name === name);
  }
}

/** The innermost callee or object: `make` in `make(1)["x"].Row`. */
function rootOf(node: Node): Node {
  const [first] = /^(Call|Member)Expression$/.test(node.type) ? node.children : [];
  return first ? rootOf(first) : node;
}
