/**
 * Finds the statements that may have bound a name when a module reaches a place. As when Python runs the module, the
 * last binding counts, all alternative branches count, and code that cannot run does not.
 */

import { condition } from './conditions.ts';
import {
  type AssignStatement,
  type BlockStatement,
  type ClassStatement,
  type ImportStatement,
  type Node,
  nameOf,
  type Statement,
  textOf,
  walk,
} from './syntax.ts';

/** One possible binding of a name. */
export type Binding =
  | { readonly kind: 'class'; readonly statement: ClassStatement }
  | { readonly kind: 'import'; readonly statement: ImportStatement; readonly name: string }
  /** `from m import *`, which binds the name if `m` exports it. */
  | { readonly kind: 'star'; readonly statement: ImportStatement }
  | { readonly kind: 'value'; readonly node: Node }
  /** A function, a loop variable, or one part of an unpacked value. */
  | { readonly kind: 'other'; readonly node: Node }
  | { readonly kind: 'deleted' };

/** `open`: the code can reach the place without any of the bindings. A `try` part comes before its handlers. */
export interface Reaching {
  readonly bindings: readonly Binding[];
  readonly open: boolean;
}

/** One part of a compound statement. `head` is the code between its keyword and its body. */
interface Branch {
  readonly keyword: string;
  readonly head: readonly Node[];
  readonly body: readonly Statement[];
  readonly from: number;
  readonly to: number;
}

const NOTHING: Reaching = { bindings: [], open: true };

/** The possible bindings of `name` when the module has run up to the offset `before`. */
export function reaching(
  statements: readonly Statement[],
  name: string,
  text: string,
  before = Number.POSITIVE_INFINITY,
): Reaching {
  return new Search(name, text).through(statements, before);
}

/** Tells whether a name is certainly bound at a place of a module or class. Made for asking about many places. */
export class Bound {
  readonly #search: Search;

  constructor(name: string, text: string) {
    this.#search = new Search(name, text);
  }

  before(statements: readonly Statement[], place: number): boolean {
    return this.#search.binds(statements, place);
  }
}

class Search {
  /** The index of the first statement of a body after which the name is certainly bound; -1 if there is none. */
  readonly #first = new Map<readonly Statement[], number>();
  readonly #branches = new Map<Statement, Branch[]>();
  readonly #name: string;
  readonly #text: string;

  constructor(name: string, text: string) {
    this.#name = name;
    this.#text = text;
  }

  through(statements: readonly Statement[], before: number): Reaching {
    const bindings: Binding[] = [];
    for (let at = statements.length - 1; at >= 0; at--) {
      const statement = statements[at] as Statement;
      if (statement.node.from >= before) continue;
      const found =
        statement.node.to > before ? this.#inside(statement, before) : this.#after(statement);
      bindings.push(...found.bindings);
      if (!found.open) return { bindings, open: false };
    }
    return { bindings, open: true };
  }

  /** Whether the name is certainly bound at the place. The answer is right only for names that are never deleted. */
  binds(statements: readonly Statement[], place: number): boolean {
    let first = this.#first.get(statements);
    if (first === undefined) {
      first = statements.findIndex((one) => !this.#after(one).open);
      this.#first.set(statements, first);
    }
    const binding = statements[first];
    if (binding && binding.node.to <= place) return true;
    const around =
      statements[placeAmong(statements.length, (at) => statements[at]?.node.to, place)];
    if (around?.kind !== 'block') return false;
    const branches = this.#branches.get(around) ?? branchesOf(around);
    this.#branches.set(around, branches);
    const branch = branches[placeAmong(branches.length, (at) => branches[at]?.to, place)];
    if (!branch || place < branch.from) return false;
    const isElse = branch.keyword === 'else' && branches[0]?.keyword === 'try';
    const tried = isElse && branches[0] ? branches[0].body : [];
    return this.binds(branch.body, place) || this.binds(tried, Number.POSITIVE_INFINITY);
  }

  /** The bindings made by a compound statement before a place inside it. */
  #inside(statement: Statement, before: number): Reaching {
    if (statement.kind !== 'block') return NOTHING;
    const branches = branchesOf(statement);
    const branch = branches.find((one) => one.from <= before && before < one.to);
    if (!branch) return NOTHING;
    const found = this.through(branch.body, before);
    const isLater = /^(?:except|else|finally)$/.test(branch.keyword);
    const tried = branches[0]?.keyword === 'try' && isLater ? branches[0] : undefined;
    if (!found.open || !tried || tried === branch) return found;
    const { bindings, open } = this.through(tried.body, Number.POSITIVE_INFINITY);
    return {
      bindings: [...found.bindings, ...bindings],
      open: open || branch.keyword !== 'else',
    };
  }

  #after(statement: Statement): Reaching {
    switch (statement.kind) {
      case 'class':
        return this.#named(statement.name, { kind: 'class', statement });
      case 'function':
        return this.#named(statement.name, { kind: 'other', node: statement.node });
      case 'import':
        return this.#import(statement);
      case 'assign':
        return this.#assign(statement);
      case 'update':
        return this.#isTarget(statement.target)
          ? closed({ kind: 'other', node: statement.node })
          : this.#walrus(statement.node);
      case 'block': {
        const found = this.#block(statement);
        const { bindings } = found.open ? this.#walrus(statement.node) : NOTHING;
        return bindings.length > 0
          ? { ...found, bindings: [...found.bindings, ...bindings] }
          : found;
      }
      case 'expression':
        return this.#walrus(statement.node);
      case 'other':
        if (statement.node.type === 'DeleteStatement')
          return statement.node.children.some((one) => this.#isTarget(one))
            ? closed({ kind: 'deleted' })
            : NOTHING;
        if (statement.node.type === 'TypeDefinition') {
          const own = statement.node.children.find((one) => one.type === 'VariableName');
          if (this.#isTarget(own ?? null)) return closed({ kind: 'other', node: statement.node });
        }
        return this.#walrus(statement.node);
    }
  }

  #named(name: string, binding: Binding): Reaching {
    return name === this.#name ? closed(binding) : NOTHING;
  }

  #import(statement: ImportStatement): Reaching {
    const clause = statement.names.findLast((one) => one.bound === this.#name);
    if (clause) return closed({ kind: 'import', statement, name: clause.name });
    const isStar = statement.names.some((one) => one.bound === '*');
    return isStar ? { bindings: [{ kind: 'star', statement }], open: true } : NOTHING;
  }

  #assign(statement: AssignStatement): Reaching {
    const { targets, value, node } = statement;
    if (value === null) return NOTHING;
    for (const group of targets.toReversed()) {
      const at = group.findIndex((one) => this.#isTarget(one));
      if (at < 0) continue;
      const isPlain = group[at]?.type === 'VariableName' && group.length === value.length;
      const hasStar = node.children.some(({ type }) => type === '*');
      const given = isPlain && !hasStar ? value[at] : undefined;
      return closed(given ? { kind: 'value', node: given } : { kind: 'other', node });
    }
    return this.#walrus(node);
  }

  /**
   * Possible bindings by `(name := …)` or `f(name := …)` anywhere in a statement. None of these bindings is certain.
   */
  #walrus(node: Node): Reaching {
    if (!textOf(node, this.#text).includes(':=')) return NOTHING;
    let found = false;
    walk(node, (inner) => {
      if (/^(?:LambdaExpression|Body|.*Definition)$/.test(inner.type)) return false;
      found ||= this.#isGiven(inner);
      return !found;
    });
    return found ? { bindings: [{ kind: 'other', node }], open: true } : NOTHING;
  }

  #isGiven({ type, children }: Node): boolean {
    if (type === 'NamedExpression') return this.#isTarget(children[0] ?? null);
    return (
      type === 'ArgList' &&
      children.some(
        (one, at) =>
          one.type === 'AssignOp' &&
          textOf(one, this.#text) === ':=' &&
          this.#isTarget(children[at - 1] ?? null),
      )
    );
  }

  #isTarget(node: Node | null): boolean {
    if (!node) return false;
    if (node.type === 'VariableName') return nameOf(node, this.#text) === this.#name;
    return (
      /^(?:Tuple|Array|Parenthesized)Expression$/.test(node.type) &&
      node.children.some((one) => this.#isTarget(one))
    );
  }

  #block(statement: BlockStatement): Reaching {
    const branches = branchesOf(statement);
    switch (branches[0]?.keyword) {
      case 'if':
        return this.#if(branches);
      case 'try':
        return this.#try(branches);
      // A context manager may suppress an exception in the body, so the body may have run only in part.
      case 'with': {
        const [only] = branches as [Branch];
        const found = this.through(only.body, Number.POSITIVE_INFINITY);
        const isTarget = only.head.some((one) => this.#isTarget(one));
        if (!isTarget) return { ...found, open: true };
        const target: Binding = { kind: 'other', node: statement.node };
        return { bindings: [...found.bindings, target], open: false };
      }
      default: {
        const bindings = branches.flatMap(
          ({ body }) => this.through(body, Number.POSITIVE_INFINITY).bindings,
        );
        const heads = branches.flatMap(({ keyword, head }) => (keyword === 'for' ? head : []));
        const isTarget =
          heads.some((one) => this.#isTarget(one)) || this.#isCaptured(statement.node);
        const target: Binding = { kind: 'other', node: statement.node };
        return { bindings: isTarget ? [...bindings, target] : bindings, open: true };
      }
    }
  }

  #isCaptured(node: Node): boolean {
    if (node.type !== 'MatchStatement') return false;
    let found = false;
    walk(node, (inner) => {
      if (inner.type === 'Body') return false;
      if (inner.type === 'CapturePattern' || inner.type === 'AsPattern')
        found ||= inner.children.some((one) => this.#isTarget(one));
      return !found;
    });
    return found;
  }

  #if(branches: readonly Branch[]): Reaching {
    const bindings: Binding[] = [];
    let open = false;
    for (const branch of branches) {
      const runs = branch.keyword === 'else' ? true : condition(branch.head, this.#text);
      if (runs === false) continue;
      if (!leaves(branch.body)) {
        const found = this.through(branch.body, Number.POSITIVE_INFINITY);
        bindings.push(...found.bindings);
        open ||= found.open;
      }
      if (runs) return { bindings, open };
    }
    return { bindings, open: true };
  }

  #try(branches: readonly Branch[]): Reaching {
    const of = (keyword: string) => branches.filter((one) => one.keyword === keyword);
    const body = [...of('try'), ...of('else')].flatMap((one) => one.body);
    const bindings: Binding[] = [];
    const last = this.through(
      of('finally').flatMap((one) => one.body),
      Number.POSITIVE_INFINITY,
    );
    if (!last.open) return last;
    const main = this.through(body, Number.POSITIVE_INFINITY);
    bindings.push(...last.bindings, ...main.bindings);
    let { open } = main;
    for (const handler of of('except')) {
      if (leaves(handler.body)) continue;
      const found = this.through(handler.body, Number.POSITIVE_INFINITY);
      bindings.push(...found.bindings);
      if (found.open && handler.head.some((one) => this.#isTarget(one)))
        bindings.push({ kind: 'deleted' });
      else open ||= found.open;
    }
    return { bindings, open };
  }
}

/** The index of the first of `count` ordered items that ends after the place, by binary search. */
function placeAmong(count: number, end: (at: number) => number | undefined, place: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((end(middle) ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}

function closed(binding: Binding): Reaching {
  return { bindings: [binding], open: false };
}

/** The parts of a compound statement, in order. */
export function branchesOf({ node, bodies }: BlockStatement): Branch[] {
  if (node.type === 'MatchStatement')
    return bodies.map((body) => ({ keyword: 'case', head: [], body, from: 0, to: 0 }));
  const branches: Branch[] = [];
  let keyword = '';
  let head: Node[] = [];
  for (const one of node.children) {
    if (/^(?:if|elif|else|try|except|finally|for|while|with)$/.test(one.type)) {
      keyword = one.type;
      head = [];
    } else if (one.type === 'Body') {
      const body = bodies[branches.length] ?? [];
      branches.push({ keyword, head, body, from: one.from, to: one.to });
    } else head.push(one);
  }
  return branches;
}

/** Whether the body ends with `raise`. Code after the statement cannot see bindings of such a body. */
function leaves(body: readonly Statement[]): boolean {
  return body.at(-1)?.node.type === 'RaiseStatement';
}
