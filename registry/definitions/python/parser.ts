/**
 * A recursive descent parser for the grammar of Python 3.14, over CPython's tokens. The tree has the node names and the
 * shape of `@lezer/python`, which the editor uses. A statement that cannot be parsed becomes a node `⚠`, and parsing
 * continues after it.
 */

import { Growing, MAX_DEPTH, TooDeep, Unreadable } from './cursor.ts';
import type { Fault, Feature } from './faults.ts';
import type { Node } from './node.ts';
import { Simples } from './simples.ts';

export interface Parsed {
  readonly root: Node;
  /** Where CPython's tokenizer or parser would stop; null if both accept the text. */
  readonly fault: Fault | null;
  /** The syntax in the text that older versions of Python do not support. */
  readonly features: readonly Feature[];
}

/** @throws TooDeep */
export function parse(text: string): Parsed {
  return new Parser(text).module();
}

class Parser extends Simples {
  #fault: Fault | null = null;

  module(): Parsed {
    const children: Growing[] = [];
    while (!this.is('end')) {
      // This dedent is left over from an error.
      if (this.is('dedent')) this.at++;
      else children.push(this.#readable(() => this.statement()));
    }
    const root = new Growing('Script', 0, this.text.length, children);
    settle(root);
    return { root, fault: this.#worst(), features: this.features };
  }

  /**
   * The error that CPython would report. An error of the tokenizer comes before an error of the parser, except if a
   * bracket was left open earlier.
   */
  #worst(): Fault | null {
    const { fault, unclosed } = this.tokens;
    const found = this.#fault;
    if (
      fault &&
      !(found && found.from <= fault.from && (fault.late || found.message === 'unexpected indent'))
    )
      return fault;
    if (!unclosed || !found || !/[\r\n]/.test(this.text.slice(unclosed.from, found.from)))
      return found;
    return unclosed;
  }

  #attempt(read: () => Growing): Growing | null {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.#fault ??= error.fault;
      return null;
    }
  }

  #readable(read: () => Growing): Growing {
    const [begun, { depth }] = [this.at, this];
    const node = this.#attempt(read);
    if (node) return node;
    this.resetDepth(depth);
    this.at = begun;
    return this.#skip();
  }

  /** Skips a logical line and the block below it. */
  #skip(): Growing {
    const { from } = this;
    if (this.is('indent')) this.at++;
    while (!/^(?:newline|end|dedent)$/.test(this.type)) this.at++;
    const { end } = this;
    this.eat('newline');
    const skipped = new Growing('⚠', from, Math.max(from, end), []);
    if (!this.is('indent')) return skipped;
    let depth = 0;
    do {
      if (this.is('indent')) depth++;
      if (this.is('dedent')) depth--;
      if (this.is('end')) break;
      this.at++;
    } while (depth > 0);
    return skipped;
  }

  protected override block(list: Growing[], read: () => Growing): void {
    while (!this.is('dedent') && !this.is('end')) {
      list.push(this.#readable(read));
    }
    this.eat('dedent');
  }

  protected override statement(): Growing {
    return this.compound() ?? this.simple();
  }
}

/** Sets the parent and index of every node. */
function settle(root: Growing): void {
  const pending: [node: Growing, depth: number][] = [[root, 0]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [node, depth] = next;
    if (depth > MAX_DEPTH) throw new TooDeep(node.from);
    for (const [index, child] of node.children.entries()) {
      child.parent = node;
      child.index = index;
      if (child.children.length > 0) pending.push([child, depth + 1]);
    }
  }
}
