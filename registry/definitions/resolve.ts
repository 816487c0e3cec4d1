/**
 * Finds what names and dotted expressions mean across the modules of a definition or folder. The search follows
 * aliases, branches, imports, star imports, re-exports and attributes. Validation, metadata, signatures and import all
 * use it.
 */

import { exportedBy } from './exports.ts';
import { type Binding, reaching } from './flow.ts';
import { BASE_CLASSES } from './pybirch.ts';
import {
  type ClassStatement,
  type ImportStatement,
  type Module,
  type Node,
  nameOf,
  type Statement,
} from './syntax.ts';

/** The modules that can import each other, by path (`helper.py`). */
export interface Program {
  module(path: string): Module;
  /** The path of the file that an import in `importer` refers to; undefined if the program does not contain it. */
  find(importer: string, level: number, dotted: string): string | undefined;
}

/** One possible meaning of an expression. */
export type Meaning =
  | { readonly kind: 'class'; readonly path: string; readonly statement: ClassStatement }
  /** A module or package. `path` is the file of the module if the program contains that file. */
  | {
      readonly kind: 'module';
      readonly path: string | undefined;
      readonly importer: string;
      readonly level: number;
      readonly dotted: string;
    }
  /** A name in a module outside the program. `module` begins with dots if the import is relative. */
  | { readonly kind: 'outside'; readonly module: string; readonly name: string }
  /** A name that nothing binds: PyBirch provides it, or it is a built-in. */
  | { readonly kind: 'free'; readonly name: string }
  /** The value of an expression in the module `path`. */
  | { readonly kind: 'value'; readonly path: string; readonly node: Node }
  | { readonly kind: 'unknown' };

const UNKNOWN: Meaning = { kind: 'unknown' };
/** Built-ins that a star import from outside the program is assumed not to replace. */
const BUILT_IN = new Set(
  'abs all any bool callable delattr dict float getattr hasattr hash id int isinstance issubclass len list max min object print property range repr round set setattr sorted str sum super tuple type vars zip'.split(
    ' ',
  ),
);

const MAX_STEPS = 60;
/**
 * The most meanings of an expression, more than people's branches give. There is a limit because hostile code could
 * double the meanings again and again.
 */
const MAX_MEANINGS = 32;

export class Resolver {
  readonly #program: Program;
  readonly #known = new Map<string, readonly Meaning[]>();
  readonly #exports = new Map<string, ReadonlySet<string> | 'public' | 'unknown'>();

  constructor(program: Program) {
    this.#program = program;
  }

  module(path: string): Module {
    return this.#program.module(path);
  }

  /**
   * What a name of a module may mean when the module has run up to `before`, by default to its end. There are several
   * meanings if branches differ; those of a `try` body come first. A deleted name has no meaning.
   */
  name(path: string, name: string, before?: number, steps = 0): readonly Meaning[] {
    if (steps > MAX_STEPS) return [UNKNOWN];
    const key = `${path}\n${name}\n${before ?? ''}`;
    const known = this.#known.get(key);
    if (known) return known;
    this.#known.set(key, [UNKNOWN]); // A name that refers to itself finds this entry, so the search ends.
    const found = this.#search(path, name, before, steps);
    this.#known.set(key, found);
    return found;
  }

  /**
   * What an expression may mean at its place in the module. `within` is the class body around the expression, if any.
   */
  expression(
    path: string,
    node: Node,
    within: readonly Statement[] = [],
    steps = 0,
  ): readonly Meaning[] {
    if (steps > MAX_STEPS) return [UNKNOWN];
    const { text } = this.module(path);
    const [first, second, third] = node.children;
    const again = (one: Node): readonly Meaning[] => this.expression(path, one, within, steps + 1);
    switch (node.type) {
      case 'VariableName': {
        const name = nameOf(node, text);
        const own = reaching(within, name, text, node.from);
        const inner = own.bindings.flatMap((one) => this.#follow(path, one, name, steps, within));
        return limited(
          own.open ? [...inner, ...this.name(path, name, node.from, steps + 1)] : inner,
        );
      }
      case 'MemberExpression':
        if (!first) return [UNKNOWN];
        if (second?.type === '[') return again(first);
        if (second?.type !== '.' || !third) return [UNKNOWN];
        return limited(
          again(first).flatMap((one) => this.attribute(one, nameOf(third, text), steps + 1)),
        );
      case 'ParenthesizedExpression':
        return second && node.children.length === 3 ? again(second) : [UNKNOWN];
      case 'NamedExpression':
        return third ? again(third) : [UNKNOWN];
      case 'ConditionalExpression': {
        const other = node.children.at(-1);
        return first && other ? limited([...again(first), ...again(other)]) : [UNKNOWN];
      }
      case 'BinaryExpression':
        if (!first || !third || !/^(?:or|and)$/.test(second?.type ?? '')) return [UNKNOWN];
        return limited([...again(first), ...again(third)]);
      default:
        return [{ kind: 'value', path, node }];
    }
  }

  /** What an attribute of `owner` may mean. */
  attribute(owner: Meaning, name: string, steps = 0): readonly Meaning[] {
    switch (owner.kind) {
      case 'module': {
        const { path, importer, level, dotted } = owner;
        const inside = path === undefined ? [] : this.name(path, name, undefined, steps + 1);
        const isThere = inside.some((one) => one.kind !== 'free');
        if (isThere) return inside;
        const whole = dotted === '' ? name : `${dotted}.${name}`;
        const submodule = this.#program.find(importer, level, whole);
        if (submodule !== undefined) return [{ ...owner, path: submodule, dotted: whole }];
        if (path !== undefined) return [UNKNOWN];
        return [{ kind: 'outside', module: '.'.repeat(level) + dotted, name }];
      }
      case 'outside':
        return [{ kind: 'outside', module: joined(owner.module, owner.name), name }];
      case 'free':
        return [{ kind: 'outside', module: owner.name, name }];
      case 'class': {
        const { text } = this.module(owner.path);
        const found = reaching(owner.statement.body, name, text);
        const meanings = found.bindings.flatMap((one) =>
          this.#follow(owner.path, one, name, steps, owner.statement.body),
        );
        return found.open || meanings.length === 0 ? [...meanings, UNKNOWN] : limited(meanings);
      }
      default:
        return [UNKNOWN];
    }
  }

  /** Whether a star import from this module binds the name; true if that is unknown. */
  gives(path: string, name: string): boolean {
    const exported = this.#exported(path);
    if (typeof exported === 'object') return exported.has(name);
    return exported === 'unknown' || !name.startsWith('_');
  }

  #search(path: string, name: string, before: number | undefined, steps: number): Meaning[] {
    const { statements, text } = this.module(path);
    const { bindings, open } = reaching(statements, name, text, before);
    const found: Meaning[] = [];
    let elsewhere: Meaning | undefined;
    for (const binding of bindings) {
      if (binding.kind === 'star') {
        const given = this.#starred(path, binding.statement, name, steps);
        found.push(...given.filter((one) => one.kind !== 'outside'));
        elsewhere ??= given.find((one) => one.kind === 'outside');
        // A star import that certainly binds the name replaces earlier bindings.
        if (found.length > 0 && isTopLevel(binding.statement)) return limited(found);
      } else found.push(...this.#follow(path, binding, name, steps));
    }
    if (open && (found.length === 0 || BASE_CLASSES.has(name)))
      found.push((BUILT_IN.has(name) ? undefined : elsewhere) ?? { kind: 'free', name });
    return limited(found);
  }

  #follow(
    path: string,
    binding: Binding,
    name: string,
    steps: number,
    within: readonly Statement[] = [],
  ): readonly Meaning[] {
    switch (binding.kind) {
      case 'class':
        return [{ kind: 'class', path, statement: binding.statement }];
      case 'value':
        return this.expression(path, binding.node, within, steps + 1);
      case 'other':
        return [{ kind: 'value', path, node: binding.node }];
      case 'import':
        return this.#imported(path, binding.statement, binding.name, name, steps);
      case 'star':
        return this.#starred(path, binding.statement, name, steps);
      case 'deleted':
        return [];
    }
  }

  #imported(
    path: string,
    { module, level, node }: ImportStatement,
    name: string,
    bound: string,
    steps: number,
  ): readonly Meaning[] {
    if (node.children[0]?.type !== 'from') {
      // `import a.b` binds `a`; `import a.b as c` binds the module itself.
      const dotted = name !== bound && name.split('.')[0] === bound ? bound : name;
      const found = this.#program.find(path, 0, dotted);
      return [{ kind: 'module', path: found, importer: path, level: 0, dotted }];
    }
    const origin = this.#program.find(path, level, module ?? '');
    const owner: Meaning = {
      kind: 'module',
      path: origin === path ? undefined : origin,
      importer: path,
      level,
      dotted: module ?? '',
    };
    return this.attribute(owner, name, steps + 1);
  }

  #starred(
    path: string,
    { module, level }: ImportStatement,
    name: string,
    steps: number,
  ): readonly Meaning[] {
    const origin = this.#program.find(path, level, module ?? '');
    if (origin === undefined || origin === path)
      return [{ kind: 'outside', module: '.'.repeat(level) + (module ?? ''), name }];
    if (!this.gives(origin, name)) return [];
    return this.name(origin, name, undefined, steps + 1).filter((one) => one.kind !== 'free');
  }

  #exported(path: string): ReadonlySet<string> | 'public' | 'unknown' {
    let exported = this.#exports.get(path);
    if (exported === undefined) {
      exported = exportedBy(this.module(path));
      this.#exports.set(path, exported);
    }
    return exported;
  }
}

function joined(module: string, name: string): string {
  return module === '' || module.endsWith('.') ? module + name : `${module}.${name}`;
}

function isTopLevel({ node }: ImportStatement): boolean {
  return node.parent?.type === 'Script' || node.parent?.parent?.type === 'Script';
}

function limited(found: readonly Meaning[]): Meaning[] {
  const seen = new Set<unknown>();
  const kept = found.filter((one) => {
    const key =
      one.kind === 'class' ? one.statement : one.kind === 'value' ? one.node : JSON.stringify(one);
    return !seen.has(key) && seen.add(key);
  });
  return kept.length > MAX_MEANINGS ? [UNKNOWN] : kept;
}
