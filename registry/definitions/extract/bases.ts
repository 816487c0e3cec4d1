/** Which classes of a folder are PyBirch instruments: those that reach one of its base classes. */
import { BASE_CLASSES } from '../pybirch.ts';
import { argumentsOf, child as childOf, type Node, nameOf } from '../syntax.ts';
import type { InstrumentType } from '../types.ts';
import type { SourceFolder, Target } from './folder.ts';
import type { ClassStatement } from './module.ts';

/** A base class by its own name, wherever it is imported from. */
export type BaseTypes = ReadonlyMap<string, InstrumentType>;

/** The modules of PyBirch's older base classes; the others stand in `pybirch.Instruments.base`. */
const OLDER_MODULES: Readonly<Record<string, string>> = {
  Measurement: 'pybirch.scan.measurements',
  VisaMeasurement: 'pybirch.scan.measurements',
  Movement: 'pybirch.scan.movements',
  VisaMovement: 'pybirch.scan.movements',
};

/** Names common enough to mean something else when they come from a package that is not PyBirch's. */
const COMMON = new Set(Object.keys(OLDER_MODULES));

const PYBIRCH_MODULE = /(^|\.)(pybirch(\.|$)|measurements$|movements$|base$)/;

export interface Reached {
  type: InstrumentType;
  /** It is one of the further base classes, which the code alone does not tell. */
  further: boolean;
  /** The file that defines the base class, where the folder itself does. */
  baseModule?: string;
}

export class Bases {
  readonly #folder: SourceFolder;
  readonly #extra: BaseTypes;
  readonly #known = new Map<string, Reached | null>();

  /** @param extra further base classes (`--base Name=type`), accepted from any module */
  constructor(folder: SourceFolder, extra: BaseTypes) {
    this.#folder = folder;
    this.#extra = extra;
  }

  /** True for PyBirch's own base classes and mixins, and for the further ones. */
  isBaseName(name: string): boolean {
    return BASE_CLASSES.has(name) || this.#extra.has(name);
  }

  /** The module that PyBirch has this base class in. */
  pybirchModule(name: string): string | undefined {
    return BASE_CLASSES.has(name) ? (OLDER_MODULES[name] ?? 'pybirch.Instruments.base') : undefined;
  }

  /** What the class reaches through its bases; the first base that is an instrument's decides, as in Python. */
  reached(path: string, name: string): Reached | null {
    const key = `${path}\n${name}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, null); // A class that inherits from itself reaches nothing.
    const found = this.#search(path, name);
    this.#known.set(key, found);
    return found;
  }

  /** The classes of the folder that this one names as its bases. */
  parents(path: string, name: string): { path: string; name: string }[] {
    const found = this.#folder.module(path).classes.get(name);
    if (!found) return [];
    return this.#targets(path, found).flatMap(({ target }) =>
      target?.kind === 'definition' ? [{ path: target.path, name: target.name }] : [],
    );
  }

  #search(path: string, name: string): Reached | null {
    const found = this.#folder.module(path).classes.get(name);
    if (!found) return null;
    for (const { target, dotted } of this.#targets(path, found)) {
      const reached = this.#typeOf(target, dotted);
      if (reached) return reached;
    }
    return null;
  }

  #typeOf(target: Target | undefined, dotted: string[]): Reached | null {
    if (target?.kind === 'definition') {
      const base = this.#base(target.name);
      return base ? { ...base, baseModule: target.path } : this.reached(target.path, target.name);
    }
    if (target?.kind === 'module') return null;
    const name = target?.name ?? dotted.at(-1) ?? '';
    const module = target ? target.module : '';
    if (COMMON.has(name) && !this.#extra.has(name) && module && !PYBIRCH_MODULE.test(module))
      return null;
    return this.#base(name);
  }

  #base(name: string): Reached | null {
    const further = this.#extra.get(name);
    if (further) return { type: further, further: true };
    const type = BASE_CLASSES.get(name);
    return type ? { type, further: false } : null;
  }

  #targets(
    path: string,
    found: ClassStatement,
  ): { target: Target | undefined; dotted: string[] }[] {
    const { text } = this.#folder.module(path);
    return baseExpressions(found.node, text).map((dotted) => ({
      target: this.#resolve(path, dotted),
      dotted,
    }));
  }

  /** Follows `a.b.C` from the module's own name `a`; undefined where nothing binds it. */
  #resolve(path: string, dotted: string[]): Target | undefined {
    let target = this.#folder.lookup(path, dotted[0] ?? '');
    for (const name of dotted.slice(1)) {
      if (target?.kind === 'module') {
        const inside = this.#folder.lookup(target.path, name);
        const submodule = this.#folder.find(target.path, 1, name);
        target = inside ?? (submodule ? { kind: 'module', path: submodule } : undefined);
      } else if (target?.kind === 'outside') {
        const module = target.name === null ? target.module : `${target.module}.${target.name}`;
        target = { kind: 'outside', module, name };
      } else return undefined;
    }
    return target;
  }
}

/** The base classes as dotted names: `class A(base.B, Generic[T], metaclass=M)` has `base.B`, `Generic`. */
export function baseExpressions(node: Node, text: string): string[][] {
  const list = childOf(node, 'ArgList');
  if (!list) return [];
  const { positional } = argumentsOf(list, text);
  return positional
    .filter(({ type }) => /^(VariableName|MemberExpression)$/.test(type))
    .map((base) => nameOf(base, text).replace(/\[.*/s, '').replace(/\s/g, '').split('.'));
}
