/**
 * Finds the base classes of a class across the files of a definition or folder, and the instrument type that the class
 * inherits.
 */

import { BASE_CLASSES, isPybirch } from './pybirch.ts';
import type { Meaning, Resolver } from './resolve.ts';
import { argumentsOf, type ClassStatement, child, type Module, type Node } from './syntax.ts';
import type { InstrumentType } from './types.ts';

export interface ClassAt {
  readonly path: string;
  readonly module: Module;
  readonly statement: ClassStatement;
}

/** The base classes of a class, whichever branches of the code run. */
export interface Ancestry {
  /** The class itself, then its base classes in these files, nearest first. */
  readonly classes: readonly ClassAt[];
  /** The names of base classes outside these files, nearest first. */
  readonly outside: readonly string[];
  /** The class's instrument type, in every branch or in some. The first base with a type decides, as in Python. */
  readonly type: InstrumentType | null;
  /** The base class that gives the class its instrument type. */
  readonly base: string | null;
  /** The path of the file with `base`; undefined if the base class is outside these files. */
  readonly baseModule: string | undefined;
  /** Whether the class has its instrument type in every branch. */
  readonly certain: boolean;
  /**
   * The name of a base that cannot be read, because it is outside these files or unclear. The value is null if every
   * base can be read.
   */
  readonly foreign: string | null;
}

/** Further base classes and their instrument types (`--base Name=type`). These classes may come from any module. */
export type BaseTypes = ReadonlyMap<string, InstrumentType>;

/** Base classes that neither give an instrument type nor set an attribute that describes an instrument. */
const PLAIN: ReadonlySet<string> = new Set(['object', 'ABC', 'Generic', 'Protocol']);

/** One entry of a method resolution order. */
export type Ancestor =
  | { readonly kind: 'class'; readonly at: ClassAt }
  /** A base class of PyBirch, a known plain class such as `object`, or an unknown class. */
  | { readonly kind: 'pybirch' | 'plain' | 'foreign'; readonly name: string };

const NO_BASES: BaseTypes = new Map();
const MAX_LINES = 16;
const MAX_CLASSES = 200;

/** The node of the class itself, without its decorators. */
export function definitionOf({ node }: ClassStatement): Node {
  return node.type === 'DecoratedStatement' ? (child(node, 'ClassDefinition') ?? node) : node;
}

/** Answers questions about the classes of one program, and keeps the answers. */
export class Classes {
  readonly resolver: Resolver;
  readonly #extra: BaseTypes;
  readonly #known = new Map<ClassStatement, Ancestry>();

  constructor(resolver: Resolver, extra: BaseTypes = NO_BASES) {
    this.resolver = resolver;
    this.#extra = extra;
  }

  /** The classes that a name of a module may refer to when the module has run, instruments first. */
  named(path: string, name: string): ClassAt[] {
    const found = this.resolver
      .name(path, name)
      .flatMap((one) => (one.kind === 'class' ? [this.at(one)] : []));
    const isInstrument = (one: ClassAt): number => (this.ancestry(one).type === null ? 1 : 0);
    return found.sort((a, b) => isInstrument(a) - isInstrument(b));
  }

  at({ path, statement }: Meaning & { kind: 'class' }): ClassAt {
    return { path, module: this.resolver.module(path), statement };
  }

  /** The possible meanings of each base, in the order of the class statement. */
  bases({ path, statement }: ClassAt): (readonly Meaning[])[] {
    const list = child(definitionOf(statement), 'ArgList');
    if (!list) return [];
    const { text } = this.resolver.module(path);
    const { starred } = argumentsOf(list, text);
    const found = statement.bases.map((base) =>
      this.resolver.expression(path, base, enclosing(statement, this.resolver.module(path))),
    );
    return starred ? [...found, [{ kind: 'unknown' }]] : found;
  }

  /** The instrument type that a class gets from a base expression; null if the base gives no type or is unknown. */
  typeBy(path: string, base: Node): InstrumentType | null {
    const types = this.resolver
      .expression(path, base)
      .map((meaning) => this.#reached(meaning, undefined).type);
    return types.find((type) => type !== null) ?? null;
  }

  ancestry(start: ClassAt): Ancestry {
    const known = this.#known.get(start.statement);
    if (known) return known;
    const nothing = { classes: [start], outside: [], base: null, baseModule: undefined };
    // While the search runs, the class counts as a class without a type. So the search also ends for a class that
    // inherits from itself.
    this.#known.set(start.statement, { ...nothing, type: null, certain: true, foreign: null });
    const found = this.#search(start);
    this.#known.set(start.statement, found);
    return found;
  }

  /**
   * The possible method resolution orders of a class (C3, "The Python 2.3 Method Resolution Order"): one for each way
   * through the branches. Returns null if there are too many orders, or if an order cannot be determined.
   */
  lines(start: ClassAt): Ancestor[][] | null {
    const found = this.#lines(start, new Set());
    return found?.map(withMixinsLast) ?? null;
  }

  #search(start: ClassAt): Ancestry {
    const classes = new Set([start]);
    const outside: string[] = [];
    let decided: Pick<Ancestry, 'type' | 'base' | 'baseModule'> | undefined;
    let certain = false;
    let foreign: string | null = null;
    for (const meanings of this.bases(start)) {
      const types: (InstrumentType | null)[] = [];
      for (const meaning of meanings) {
        const reached = this.#reached(meaning, start);
        types.push(reached.type);
        if (reached.type !== null) decided ??= reached;
        for (const one of reached.classes)
          if (
            classes.size < MAX_CLASSES &&
            ![...classes].some((c) => c.statement === one.statement)
          )
            classes.add(one);
        outside.push(...reached.outside);
        foreign ??= reached.foreign;
        certain ||= reached.type !== null && reached.certain && meanings.length === 1;
      }
      const [first] = types;
      certain ||= meanings.length > 1 && first != null && types.every((type) => type === first);
    }
    const none = { type: null, base: null, baseModule: undefined };
    const { type, base, baseModule } = decided ?? none;
    return {
      classes: [...classes],
      outside,
      type,
      base,
      baseModule,
      certain: type === null || certain,
      foreign,
    };
  }

  #reached(meaning: Meaning, from: ClassAt | undefined): Ancestry {
    const nothing = { type: null, base: null, baseModule: undefined, certain: true };
    const none = { ...nothing, classes: [], outside: [], foreign: null };
    switch (meaning.kind) {
      case 'class': {
        const { name } = meaning.statement;
        const found = this.ancestry(this.at(meaning));
        const type = this.#baseType(name, meaning.path.replace(/\.py$/, '').replaceAll('/', '.'));
        if (!type) return found;
        return { ...found, type, base: name, baseModule: meaning.path, certain: true };
      }
      case 'outside':
      case 'free': {
        const { name } = meaning;
        const type = this.#baseType(name, meaning.kind === 'outside' ? meaning.module : undefined);
        const foreign = type || isPybirch(name) || PLAIN.has(name) ? null : name;
        return { ...none, outside: [name], type, base: type && name, foreign };
      }
      case 'module':
        return none;
      default: {
        const list = from && child(definitionOf(from.statement), 'ArgList');
        const foreign = list ? from.module.text.slice(list.from + 1, list.to - 1) : 'unknown';
        return { ...none, foreign };
      }
    }
  }

  /**
   * The instrument type that classes get from the base class of this name. Returns null if the name is neither a base
   * class of PyBirch nor a further base class.
   */
  #baseType(name: string, module: string | undefined): InstrumentType | null {
    const further = this.#extra.get(name);
    if (further) return further;
    return isPybirch(name, module) ? (BASE_CLASSES.get(name) ?? null) : null;
  }

  #lines(start: ClassAt, seen: ReadonlySet<ClassStatement>): Ancestor[][] | null {
    if (seen.has(start.statement) || seen.size > 50) return null;
    const inside = new Set([...seen, start.statement]);
    let ways: Ancestor[][][] = [[]];
    for (const meanings of this.bases(start)) {
      const given: Ancestor[][] = [];
      for (const meaning of meanings) {
        const lines = this.#linesOf(meaning, inside);
        if (lines === null) return null;
        given.push(...lines);
      }
      ways = ways.flatMap((way) => given.map((line) => [...way, line]));
      if (ways.length > MAX_LINES || ways.length === 0) return null;
    }
    const own: Ancestor = { kind: 'class', at: start };
    const found: Ancestor[][] = [];
    for (const way of ways) {
      const merged = merge([...way, way.map((line) => line[0] as Ancestor)]);
      // In this branch the bases have no consistent order, so Python would refuse to create the class.
      if (merged === null) continue;
      found.push([own, ...merged]);
    }
    return found.length > 0 ? found : null;
  }

  #linesOf(meaning: Meaning, seen: ReadonlySet<ClassStatement>): Ancestor[][] | null {
    switch (meaning.kind) {
      case 'class':
        return this.#lines(this.at(meaning), seen);
      case 'outside':
      case 'free': {
        const { name } = meaning;
        const module = meaning.kind === 'outside' ? meaning.module : undefined;
        const kind = isPybirch(name, module) ? 'pybirch' : PLAIN.has(name) ? 'plain' : 'foreign';
        return [[{ kind, name }]];
      }
      default:
        return [[{ kind: 'foreign', name: '?' }]];
    }
  }
}

/**
 * The bodies of the classes that enclose a class, innermost first. Python evaluates the base expressions of a class in
 * the innermost enclosing body.
 */
function enclosing(
  statement: ClassStatement,
  module: Module,
): readonly ClassStatement['body'][number][] {
  const { parent } = statement.node;
  if (parent?.type !== 'Body' || parent.parent?.type !== 'ClassDefinition') return [];
  const owner = parent.parent;
  const search = (statements: Module['statements']): ClassStatement | undefined => {
    for (const one of statements) {
      if (one.node.from > owner.from || one.node.to < owner.to) continue;
      if (one.kind === 'class') return definitionOf(one) === owner ? one : search(one.body);
      if (one.kind === 'block') {
        const found = one.bodies.map(search).find((inner) => inner !== undefined);
        if (found) return found;
      }
    }
    return undefined;
  };
  return search(module.statements)?.body ?? [];
}

/** C3's merge: repeatedly takes the next head that is in no other list's tail, until all lists are empty. */
function merge(lines: readonly (readonly Ancestor[])[]): Ancestor[] | null {
  let left = lines.map((line) => [...line]).filter((line) => line.length > 0);
  const merged: Ancestor[] = [];
  while (left.length > 0) {
    const next = left
      .map((line) => line[0] as Ancestor)
      .find((head) => !left.some((line) => line.slice(1).some((one) => isSame(one, head))));
    if (!next) return null;
    merged.push(next);
    left = left
      .map((line) => (isSame(line[0] as Ancestor, next) ? line.slice(1) : line))
      .filter((line) => line.length > 0);
  }
  return merged;
}

function isSame(a: Ancestor, b: Ancestor): boolean {
  if (a === b) return true;
  if (a.kind === 'class') return b.kind === 'class' && a.at.statement === b.at.statement;
  return b.kind === a.kind && a.name === b.name && a.name !== '?';
}

/**
 * Puts PyBirch's mixins and `object` last, whatever the order in the code: PyBirch's bases inherit from its mixins, and
 * every class inherits from `object`.
 */
function withMixinsLast(line: readonly Ancestor[]): Ancestor[] {
  const isFake = line.some((one) => one.kind === 'pybirch' && one.name.startsWith('Fake'));
  const isBase = line.some((one) => one.kind === 'pybirch' && BASE_CLASSES.get(one.name));
  const rank = (one: Ancestor): number => {
    if (one.kind === 'plain') return 2;
    if (one.kind !== 'pybirch' || BASE_CLASSES.get(one.name)) return 0;
    return (one.name === 'SimulatedDelay' ? isFake : isBase) ? 1 : 0;
  };
  return line.toSorted((a, b) => rank(a) - rank(b));
}
