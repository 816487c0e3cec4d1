/** Finds the PyBirch instruments of a folder: the classes that inherit from a base class of PyBirch. */
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
  /** Whether the base is a further base class (`--base`), which the code alone does not show. */
  further: boolean;
  /** The file that defines the base class; undefined if it is outside the folder. */
  baseModule?: string;
}

export class Bases {
  readonly #folder: SourceFolder;
  readonly #extra: BaseTypes;
  #opened: Classes | undefined;
  /** The modules whose syntax trees are in memory, and the total length of their texts. */
  readonly #seen = new Set<string>();
  #length = 0;

  /** @param extra further base classes (`--base Name=type`). These classes may come from any module. */
  constructor(folder: SourceFolder, extra: BaseTypes) {
    this.#folder = folder;
    this.#extra = extra;
  }

  /**
   * Answers questions about classes. When too many syntax trees are in memory, a new object replaces the old one,
   * because answers keep syntax trees in memory.
   */
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

  /** Whether this is the name of a base class or mixin of PyBirch, or of a further base class. */
  isBaseName(name: string): boolean {
    return BASE_CLASSES.has(name) || this.#extra.has(name);
  }

  /** The module of PyBirch that defines this base class. */
  pybirchModule(name: string): string | undefined {
    return BASE_CLASSES.has(name) ? (OLDER_MODULES[name] ?? 'pybirch.Instruments.base') : undefined;
  }

  /** Whether the module certainly defines a base class. A fallback for computers without PyBirch does not count. */
  definesBase(path: string, name: string): boolean {
    if (!this.isBaseName(name)) return false;
    const meanings = this.#classes.resolver.name(path, name);
    const isHere = meanings.map((one) => one.kind === 'class' && one.path === path);
    return isHere.includes(true) && !isHere.includes(false);
  }

  /** The base class that the class inherits from. As in Python, the first base that is an instrument decides. */
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

  /** Whether a class with these base expressions, anywhere in the module, would be an instrument. */
  isInstrument(path: string, bases: readonly Node[]): boolean {
    return bases.some((base) => this.#classes.typeBy(path, base) !== null);
  }

  /** Whether code of the folder computes a base of the class, so that only running the code would show the base. */
  isComputed(path: string, name: string): boolean {
    const found = this.#named(path, name);
    if (!found) return false;
    const { resolver } = this.#classes;
    const bases = this.#classes.bases(found);
    const isOpen = (meanings: (typeof bases)[number] = []): boolean =>
      meanings.some(({ kind }) => kind === 'unknown' || kind === 'value');
    return bases.some((meanings, i) => {
      const base = found.statement.bases[i];
      // Results of packages outside the folder, such as `namedtuple("Row", "a b")` or `Generic[T]`, do not count.
      return isOpen(meanings) && (!base || isOpen(resolver.expression(path, rootOf(base))));
    });
  }

  /** The classes of the folder that are direct bases of this class. */
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
   * The class and its ancestors in the folder, in Python's method resolution order. `isBase` is true for an instrument
   * base class and for its own ancestors.
   */
  line(path: string, name: string): { path: string; name: string; isBase: boolean }[] {
    const found = this.#named(path, name);
    if (!found) return [];
    const line = this.#lineOf(found);
    // Compares classes by their place, because the resolver may be replaced meanwhile and would return other objects.
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

/** The innermost callee or object of an expression: `make` in `make(1)["x"].Row`. */
function rootOf(node: Node): Node {
  const [first] = /^(Call|Member)Expression$/.test(node.type) ? node.children : [];
  return first ? rootOf(first) : node;
}
