/**
 * Finds which names of the folder a piece of code can reach through the names that it reads, and whether it can reach
 * anything outside the folder.
 */
import { dottedName, type Node, walk } from '../syntax.ts';
import type { SourceFolder, Target } from './folder.ts';
import type { Module, Statement } from './module.ts';

export interface Reach {
  /** Names of module-level statements, in the format of `place`. The name `*` means a whole module. */
  readonly places: Set<string>;
  /** Whether the code can reach an object from outside the folder. */
  outside: boolean;
}

export const place = (path: string, name: string): string => `${path}\n${name}`;

export const nothing = (): Reach => ({ places: new Set(), outside: false });

export function add(into: Reach, from: Reach): void {
  for (const one of from.places) into.places.add(one);
  into.outside ||= from.outside;
}

/** Expressions whose value refers to no other object, so a change of the value changes nothing else. */
const FRESH =
  /^(Call|ArrayComprehension|DictionaryComprehension|SetComprehension|Generator|Lambda|Format|Binary|Unary)\w*Expression$|^(Number|String|ContinuedString|FormatString|Boolean|None)$/;

export class Reaches {
  readonly #folder: SourceFolder;
  readonly #stays: ReadonlySet<string>;

  /** @param stays modules that are installed with PyBirch or another package and so count as outside the folder */
  constructor(folder: SourceFolder, stays: ReadonlySet<string>) {
    this.#folder = folder;
    this.#stays = stays;
  }

  /**
   * What `a.b` in a module refers to. Names are followed through other modules. Returns undefined for a built-in or a
   * local name.
   */
  target(path: string, dotted: readonly string[]): Target | undefined {
    const [first = '', ...rest] = dotted;
    let target = this.#folder.lookup(path, first);
    if (!target && this.#folder.module(path).globals.has(first)) {
      target = { kind: 'definition', path, name: first };
    }
    for (const name of rest) {
      if (target?.kind !== 'module') break;
      target = this.#folder.lookup(target.path, name) ?? target;
    }
    return target;
  }

  /** Whether the target is outside. Modules of the folder that belong to an installed package count as outside. */
  isOutside(target: Target): boolean {
    return target.kind === 'outside' || this.#stays.has(target.path);
  }

  /**
   * Everything that code in a module can reach: the names that it reads, the names from which their values come, and so
   * on.
   */
  closure(path: string, node: Node, names: Iterable<string>): Reach {
    const reach = nothing();
    const queue = this.#read(path, node, names);
    for (let target = queue.pop(); target; target = queue.pop()) {
      if (!this.#enter(reach, target) || target.kind !== 'definition') continue;
      const { path: inside, name } = target;
      const module = this.#folder.module(inside);
      for (const statement of [...(module.bindings.get(name) ?? []), ...assigning(module, name)]) {
        for (const one of this.#read(inside, statement.node, statement.uses)) queue.push(one);
      }
    }
    return reach;
  }

  /**
   * The objects that a name can refer to: the object that is bound to it and, for an alias, the object of the original
   * name.
   */
  aliases(path: string, dotted: readonly string[]): Reach {
    const reach = nothing();
    const first = this.target(path, dotted);
    const queue = first ? [first] : [];
    for (let target = queue.pop(); target; target = queue.pop()) {
      if (!this.#enter(reach, target) || target.kind !== 'definition') continue;
      const { path: inside, name } = target;
      for (const statement of this.#folder.module(inside).bindings.get(name) ?? []) {
        if (!isAlias(statement)) continue;
        for (const one of this.#read(inside, statement.node, statement.uses)) queue.push(one);
      }
    }
    return reach;
  }

  #enter(reach: Reach, target: Target): boolean {
    if (this.isOutside(target)) {
      reach.outside = true;
      return false;
    }
    if (target.kind === 'outside') return false;
    const key = place(target.path, target.kind === 'module' ? '*' : target.name);
    if (reach.places.has(key)) return false;
    reach.places.add(key);
    return true;
  }

  #read(path: string, node: Node, names: Iterable<string>): Target[] {
    const { text } = this.#folder.module(path);
    const found: Target[] = [];
    const read = new Set(names);
    const quoted = new Set(read);
    walk(node, (inner) => {
      if (inner.type !== 'VariableName' && inner.type !== 'MemberExpression') return true;
      const dotted = (dottedName(inner, text) ?? '').normalize('NFKC').split('.');
      if (!read.has(dotted[0] ?? '')) return true;
      quoted.delete(dotted[0] ?? '');
      const target = this.target(path, dotted);
      if (target) found.push(target);
      return false;
    });
    for (const name of quoted) {
      const target = this.target(path, [name]);
      if (target) found.push(target);
    }
    return found;
  }
}

/** The statements whose functions assign a name of the module through `global`. */
function assigning(module: Module, name: string): readonly Statement[] {
  return module.globals.get(name) ?? [];
}

function isAlias({ node }: Statement): boolean {
  if (node.type !== 'AssignStatement') {
    return !/^(FunctionDefinition|ClassDefinition|DecoratedStatement|ImportStatement)$/.test(
      node.type,
    );
  }
  const value = node.children.at(-1);
  return value !== undefined && !FRESH.test(value.type);
}

/** The dotted name with which an expression such as `x.a[0].b(…)` starts, up to the first call or index. */
export function rootOf(node: Node, text: string): string[] | null {
  let at: Node | undefined = node;
  for (;;) {
    if (!at) return null;
    const dotted = dottedName(at, text);
    if (dotted !== null) return dotted.normalize('NFKC').split('.');
    if (!/^(Member|Call|Await|Parenthesized)Expression$/.test(at.type)) return null;
    at = at.children.find((one) => !/^(\(|await)$/.test(one.type));
  }
}
