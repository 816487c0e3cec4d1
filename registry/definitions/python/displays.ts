/**
 * Reads bracketed expressions: tuples, lists, sets, dicts and comprehensions (`atom` and `for_if_clauses` of
 * Grammar/python.gram).
 */

import type { Growing } from './cursor.ts';
import type { Node } from './node.ts';
import { BITWISE_OR } from './operators.ts';
import { Strings } from './strings.ts';

export abstract class Displays extends Strings {
  protected abstract yielded(list: Growing[]): void;
  protected abstract binary(least: number): Growing;
  protected abstract expression(): Growing;
  protected abstract startsExpression(): boolean;
  protected abstract starred(list: Growing[], read: () => Growing): void;
  protected abstract named(minor?: number): Growing;
  protected abstract checkTargets(nodes: readonly Node[], what: 'assign to' | 'delete'): void;

  protected parenthesized(): Growing {
    const parts = [this.leaf('(')];
    if (this.is(')')) return this.around('TupleExpression', [...parts, this.leaf(')')]);
    if (this.is('yield')) {
      const inner: Growing[] = [];
      this.yielded(inner);
      parts.push(this.around('YieldExpression', inner), this.#closing(')'));
      return this.around('ParenthesizedExpression', parts);
    }
    this.#element(parts);
    if (this.#isLoop(parts)) return this.#generated(parts, ')', 'ComprehensionExpression');
    if (!this.is(',')) {
      if (parts[1]?.type === '*' && this.is(')'))
        this.fail('cannot use starred expression here', parts[1]);
      return this.around('ParenthesizedExpression', [...parts, this.#closing(')')]);
    }
    return this.around('TupleExpression', this.#rest(parts, ')'));
  }

  protected array(): Growing {
    const parts = [this.leaf('[')];
    if (this.is(']')) return this.around('ArrayExpression', [...parts, this.leaf(']')]);
    this.#element(parts);
    if (this.#isLoop(parts)) return this.#generated(parts, ']', 'ArrayComprehensionExpression');
    return this.around('ArrayExpression', this.#rest(parts, ']'));
  }

  protected braces(): Growing {
    const parts = [this.leaf('{')];
    if (this.is('}')) return this.around('DictionaryExpression', [...parts, this.leaf('}')]);
    if (this.is('**')) return this.#dictionary(parts);
    this.#element(parts, 10);
    if (this.is(':') && parts[1]?.type !== '*' && parts[1]?.type !== 'NamedExpression')
      return this.#dictionary(parts);
    if (this.#isLoop(parts)) return this.#generated(parts, '}', 'SetComprehensionExpression');
    return this.around('SetExpression', this.#rest(parts, '}'));
  }

  /** Reads the rest of a dict or dict comprehension, after `{` or the first key. */
  #dictionary(parts: Growing[]): Growing {
    if (parts.length === 1) this.#pair(parts);
    else this.#value(parts);
    if (this.#isLoop(parts))
      return this.#generated(parts, '}', 'DictionaryComprehensionExpression');
    while (this.is(',')) {
      parts.push(this.leaf(','));
      if (this.is('}')) break;
      this.#pair(parts);
    }
    parts.push(this.#closing('}'));
    return this.around('DictionaryExpression', parts);
  }

  #pair(parts: Growing[]): void {
    if (this.is('**')) {
      parts.push(this.leaf('**'), this.binary(BITWISE_OR));
      return;
    }
    parts.push(this.expression());
    this.#value(parts);
  }

  #value(parts: Growing[]): void {
    parts.push(this.expect(':', "':' expected after dictionary key"));
    if (this.is('*')) this.fail('cannot use a starred expression in a dictionary value');
    if (!this.startsExpression()) this.fail("expression expected after dictionary key and ':'");
    parts.push(this.expression());
  }

  #element(list: Growing[], minor = 8): void {
    this.starred(list, () => this.named(minor));
  }

  #rest(parts: Growing[], closing: string): Growing[] {
    while (this.is(',')) {
      parts.push(this.leaf(','));
      if (this.is(closing)) break;
      this.#element(parts, closing === '}' ? 10 : 8);
    }
    if (this.is('for') || this.is('async'))
      this.fail('did you forget parentheses around the comprehension target?', parts[1]);
    parts.push(this.#closing(closing));
    return parts;
  }

  #closing(sign: string): Growing {
    return this.expect(sign, 'invalid syntax. Perhaps you forgot a comma?');
  }

  #isLoop(parts: readonly Growing[]): boolean {
    if (!this.is('for') && !this.is('async')) return false;
    if (parts[1]?.type === '*')
      this.fail('iterable unpacking cannot be used in comprehension', parts[1]);
    if (parts[1]?.type === '**')
      this.fail('dict unpacking cannot be used in dict comprehension', parts[1]);
    return true;
  }

  #generated(parts: Growing[], closing: string, type: string): Growing {
    this.loops(parts);
    parts.push(this.#closing(closing));
    return this.around(type, parts);
  }

  /** Reads the `for` and `if` clauses of a comprehension. */
  protected loops(parts: Growing[]): void {
    do {
      if (this.is('async')) parts.push(this.leaf('async'));
      parts.push(this.expect('for'));
      this.loopTargets(parts);
      parts.push(this.binary(1));
      while (this.is('if')) parts.push(this.leaf('if'), this.binary(1));
    } while (this.is('for') || this.is('async'));
  }

  /** Reads the targets of `for`, up to `in`. */
  protected loopTargets(list: Growing[]): void {
    const begun = list.length;
    for (;;) {
      this.starred(list, () => this.binary(BITWISE_OR));
      if (!this.is(',')) break;
      list.push(this.leaf(','));
      if (this.is('in')) break;
    }
    this.checkTargets(list.slice(begun), 'assign to');
    if (!this.is('in')) this.fail("expected 'in'");
    list.push(this.leaf('in'));
  }
}
