/**
 * A position in the tokens of a text, and functions that build nodes from the tokens. Every part of the parser extends
 * `Cursor`.
 */

import type { Fault, Feature } from './faults.ts';
import type { Node } from './node.ts';
import type { Tokens } from './token-list.ts';
import { tokenize } from './tokens.ts';

/** A node under construction. The parent of a node is created later and set then. */
export class Growing implements Node {
  readonly type: string;
  readonly from: number;
  readonly to: number;
  readonly children: Growing[];
  parent: Growing | null = null;
  index = 0;

  constructor(type: string, from: number, to: number, children: Growing[]) {
    this.type = type;
    this.from = from;
    this.to = to;
    this.children = children;
  }

  as(type: string): Growing {
    return new Growing(type, this.from, this.to, this.children);
  }
}

const NONE: Growing[] = [];

/** Thrown where a statement cannot be parsed any further. */
export class Unreadable extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** Thrown when nesting is deeper than this parser supports. CPython itself supports a little more. */
export class TooDeep extends Error {
  readonly offset: number;

  constructor(offset: number) {
    super('Nested too deeply');
    this.offset = offset;
  }
}

export const MAX_DEPTH = 1000;

/** A position in a list of tokens, and the operations on it. */
export class Cursor {
  readonly text: string;
  readonly tokens: Tokens;
  readonly features: Feature[];
  protected at = 0;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
    this.tokens = tokenize(text);
    this.features = [...this.tokens.features];
  }

  protected get type(): string {
    return this.tokens.types[this.at] as string;
  }

  protected is(type: string): boolean {
    return this.type === type;
  }

  protected get next(): string {
    return this.tokens.types[this.at + 1] ?? 'end';
  }

  protected get from(): number {
    return this.tokens.from[this.at] as number;
  }

  /** The offset at which the last read token ends. */
  protected get end(): number {
    return this.at > 0 ? (this.tokens.to[this.at - 1] as number) : 0;
  }

  protected get word(): string {
    return this.text.slice(this.from, this.tokens.to[this.at]);
  }

  /** Turns the current token into a node of this type and moves on. */
  protected leaf(type: string): Growing {
    const at = this.at++;
    return new Growing(type, this.tokens.from[at] as number, this.tokens.to[at] as number, NONE);
  }

  /** Moves past the current token if it has this type. */
  protected eat(type: string): boolean {
    if (!this.is(type)) return false;
    this.at++;
    return true;
  }

  protected expect(type: string, message = `expected '${type}'`): Growing {
    if (!this.is(type)) this.fail(message);
    return this.leaf(type);
  }

  protected name(message = 'expected a name'): Growing {
    if (!this.is('name')) this.fail(message);
    return this.leaf('VariableName');
  }

  /** Creates a node that spans these children. */
  protected around(type: string, children: Growing[]): Growing {
    const last = children.at(-1) as Growing;
    return new Growing(type, (children[0] as Growing).from, last.to, children);
  }

  protected node(type: string, from: number, to: number, children: Growing[]): Growing {
    return new Growing(type, from, to, children);
  }

  protected fail(message: string, node?: Node): never {
    const from = node?.from ?? this.from;
    const to = node?.to ?? (this.tokens.to[this.at] as number);
    throw new Unreadable({ from, to: Math.max(to, from), message });
  }

  protected since(minor: number, what: string, from: number): void {
    this.features.push({ from, to: Math.max(from, this.end), minor, what });
  }

  protected deeper<Result>(read: () => Result): Result {
    if (++this.#depth > MAX_DEPTH) throw new TooDeep(this.from);
    const result = read();
    this.#depth--;
    return result;
  }

  protected resetDepth(depth: number): void {
    this.#depth = depth;
  }

  protected get depth(): number {
    return this.#depth;
  }
}
