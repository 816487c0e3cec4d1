/**
 * Checks the patterns of `match` as CPython's compiler does (codegen_pattern and the functions that it calls in
 * Python/codegen.c).
 */

import { type Node, nameOf } from './node.ts';

export interface PatternFault {
  readonly node: Node;
  readonly message: string;
}

/** The first error in the patterns of a `match`. */
export function patternFault(match: Node, text: string): PatternFault | null {
  const clauses =
    match.children.at(-1)?.children.filter(({ type }) => type === 'MatchClause') ?? [];
  for (const [at, clause] of clauses.entries()) {
    const end = clause.children.findIndex(({ type }) => type === 'Guard' || type === 'Body');
    const patterns = clause.children.slice(1, end);
    const guarded = clause.children[end]?.type === 'Guard';
    const reader = new Reader(text);
    const open = patterns.some(({ type }) => type === ',');
    if (open) reader.sequence(patterns, clause);
    else reader.pattern(patterns[0] as Node, guarded || at === clauses.length - 1);
    if (reader.fault) return reader.fault;
  }
  return null;
}

class Reader {
  fault: PatternFault | null = null;
  readonly #text: string;
  #names = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  #fail(node: Node, message: string): void {
    this.fault ??= { node, message };
  }

  /** Checks a pattern. `mayCatchAll` is true if no other pattern follows it. */
  pattern(node: Node, mayCatchAll: boolean): void {
    const { type, children } = node;
    if (type === 'CapturePattern') this.#capture(node, mayCatchAll);
    else if (type === 'OrPattern') this.#either(node, mayCatchAll);
    else if (type === 'MappingPattern') this.#mapping(node);
    else if (type === 'ClassPattern') this.#class(node);
    else if (isGroup(node)) this.pattern(children[1] as Node, mayCatchAll);
    else if (type === 'SequencePattern') this.sequence(children, node);
    else if (type === 'AsPattern') {
      this.pattern(children[0] as Node, mayCatchAll);
      this.#bind(children[2] as Node);
    }
  }

  #capture(node: Node, mayCatchAll: boolean): void {
    const name = nameOf(node, this.#text);
    if (!mayCatchAll) {
      const what = name === '_' ? 'wildcard' : `name capture '${name}'`;
      this.#fail(node, `${what} makes remaining patterns unreachable`);
    }
    if (name !== '_') this.#bind(node);
  }

  #bind(node: Node): void {
    const name = nameOf(node, this.#text);
    if (name === '__debug__') this.#fail(node, 'cannot assign to __debug__');
    if (this.#names.has(name))
      this.#fail(node, `multiple assignments to name '${name}' in pattern`);
    this.#names.add(name);
  }

  #either(node: Node, mayCatchAll: boolean): void {
    const before = this.#names;
    let first: Set<string> | null = null;
    const alternatives = node.children.filter(({ type }) => type !== 'LogicOp');
    for (const [at, one] of alternatives.entries()) {
      this.#names = new Set(before);
      this.pattern(one, mayCatchAll && at === alternatives.length - 1);
      const bound = this.#names;
      first ??= bound;
      if (bound.size !== first.size || [...bound].some((name) => !first?.has(name)))
        this.#fail(node, 'alternative patterns bind different names');
    }
    this.#names = first ?? before;
  }

  sequence(nodes: readonly Node[], whole: Node): void {
    const stars = nodes.filter(({ type }) => type === 'StarPattern');
    if (stars[1]) this.#fail(whole, 'multiple starred expressions in sequence pattern');
    for (const one of nodes) {
      if (one.type === 'StarPattern') this.#capture(one.children[1] as Node, true);
      else this.pattern(one, true);
    }
  }

  #mapping(node: Node): void {
    const keys = new Set<string>();
    for (const [at, one] of node.children.entries()) {
      const isKey = node.children[at + 1]?.type === ':';
      if (!isKey) {
        this.pattern(one, true);
        continue;
      }
      if (one.type !== 'LiteralPattern') continue;
      const key = literalKey(this.#text.slice(one.from, one.to));
      if (keys.has(key)) this.#fail(node, `mapping pattern checks duplicate key (${key})`);
      keys.add(key);
    }
  }

  #class(node: Node): void {
    const names = new Set<string>();
    for (const one of node.children.at(-1)?.children ?? []) {
      if (one.type !== 'KeywordPattern') {
        this.pattern(one, true);
        continue;
      }
      const [name, value] = one.children as [Node, Node];
      const written = nameOf(name, this.#text);
      if (written === '__debug__') this.#fail(name, 'cannot assign to __debug__');
      if (names.has(written))
        this.#fail(name, `attribute name repeated in class pattern: ${written}`);
      names.add(written);
      this.pattern(value, true);
    }
  }
}

/** Whether the node is `(pattern)`, where the brackets do not make a sequence. */
function isGroup({ type, children }: Node): boolean {
  if (type !== 'SequencePattern') return false;
  return children[0]?.type === '(' && children.length === 3 && children[1]?.type !== 'StarPattern';
}

/** A key that is the same for literals that are equal as dict keys. Only simple spellings are compared. */
function literalKey(literal: string): string {
  if (literal === 'None') return literal;
  if (literal === 'True' || literal === 'False') return literal === 'True' ? '1' : '0';
  const string = /^(?:[uU]|([bB])?[rR]?|[rR]([bB]))(["']{3}|["'])([^\\]*)\3$/.exec(literal);
  if (string) return `${string[1] || string[2] ? 'b' : ''}'${string[4]}'`;
  // In a hexadecimal number, `e` is a digit.
  const sign = /^0x/i.test(literal) ? /(?=[-+])/ : /(?<=[^-+eE])(?=[-+])/;
  const parts = literal.replace(/[_\s]/g, '').split(sign);
  const [real, imaginary] = [0, 0].map((_, at) =>
    parts
      .filter((one) => /j$/i.test(one) === (at === 1))
      .reduce((sum, one) => sum + numberOf(one), 0),
  );
  return Number.isNaN(real) ? literal : imaginary ? `${real}+${imaginary}j` : `${(real ?? 0) + 0}`;
}

function numberOf(literal: string): number {
  const [, sign, digits = ''] = /^([-+]?)(.*?)j?$/i.exec(literal) ?? [];
  return (sign === '-' ? -1 : 1) * Number(digits) || 0;
}
