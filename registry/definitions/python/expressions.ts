/** Reads expressions: the rules of Grammar/python.gram from `star_expressions` down to `atom`. */

import { Calls } from './calls.ts';
import type { Growing } from './cursor.ts';
import type { Node } from './node.ts';
import { BITWISE_OR, COMPARISON, LEVELS, NOT } from './operators.ts';
import { targetFault } from './targets.ts';

const STARTS = new Set(
  'name number string fstart ( [ { - + ~ not lambda await None True False ...'.split(' '),
);

export class Expressions extends Calls {
  protected override startsExpression(): boolean {
    return STARTS.has(this.type);
  }

  /** Reads CPython's `expression`: everything except `:=`, `*a` and `yield`. */
  protected override expression(): Growing {
    if (this.is('lambda')) return this.deeper(() => this.#lambda());
    const value = this.binary(1);
    if (!this.is('if')) return value;
    const parts = [value, this.leaf('if'), this.binary(1)];
    if (!this.is('else')) this.fail("expected 'else' after 'if' expression");
    parts.push(
      this.leaf('else'),
      this.deeper(() => this.expression()),
    );
    return this.around('ConditionalExpression', parts);
  }

  /** Reads `name := value` or an expression. */
  protected override named(minor = 8): Growing {
    if (this.is('name') && this.next === ':=')
      return this.around('NamedExpression', this.assigned(minor));
    const value = this.expression();
    if (this.is(':=')) this.fail('cannot use assignment expressions here', value);
    return value;
  }

  /** Reads `*a`, which adds two nodes to `list`, or else calls `read` and adds its result. */
  protected override starred(list: Growing[], read: () => Growing): void {
    if (this.is('*')) list.push(this.leaf('*'), this.binary(BITWISE_OR));
    else list.push(read());
  }

  /** Reads CPython's `star_expressions` and adds the nodes, with commas, to `list`. */
  protected expressions(list: Growing[]): void {
    for (;;) {
      this.starred(list, () => this.expression());
      if (!this.is(',')) return;
      list.push(this.leaf(','));
      if (!this.startsExpression() && !this.is('*')) return;
    }
  }

  protected override yielded(list: Growing[]): void {
    list.push(this.leaf('yield'));
    if (this.is('from')) list.push(this.leaf('from'), this.expression());
    else if (this.startsExpression() || this.is('*')) this.expressions(list);
  }

  /** Reads the right side of `=`. */
  protected override assignedValue(list: Growing[]): void {
    if (!this.is('yield')) {
      this.expressions(list);
      return;
    }
    const parts: Growing[] = [];
    this.yielded(parts);
    list.push(this.around('YieldExpression', parts));
  }

  protected override checkTargets(nodes: readonly Node[], what: 'assign to' | 'delete'): void {
    const fault = targetFault(nodes, what, this.text);
    if (fault) this.fail(fault.message, fault.node);
  }

  /** Reads an expression of operators that bind at least as tightly as `least`. */
  protected override binary(least: number): Growing {
    let left = this.#operand(least);
    for (;;) {
      const level = LEVELS[this.type];
      if (level === undefined || level < least || (this.is('not') && this.next !== 'in'))
        return left;
      const parts = [left, ...this.#sign(level)];
      parts.push(this.binary(level + 1));
      left = this.around('BinaryExpression', parts);
    }
  }

  #sign(level: number): Growing[] {
    const { type } = this;
    if (type === 'not') return [this.leaf('not'), this.leaf('in')];
    if (type === 'is' && this.next === 'not') return [this.leaf('is'), this.leaf('not')];
    if (/^[a-z]/.test(type)) return [this.leaf(type)];
    if (level === COMPARISON) return [this.leaf('CompareOp')];
    return [this.leaf(level < 9 ? 'BitOp' : 'ArithOp')];
  }

  #operand(least: number): Growing {
    if (!this.is('not')) return this.#factor();
    if (least > NOT) this.fail('invalid syntax');
    const sign = this.leaf('not');
    return this.around('UnaryExpression', [sign, this.deeper(() => this.binary(NOT))]);
  }

  #factor(): Growing {
    const { type } = this;
    if (type === '-' || type === '+' || type === '~') {
      const sign = this.leaf(type === '~' ? 'BitOp' : 'ArithOp');
      return this.around('UnaryExpression', [sign, this.deeper(() => this.#factor())]);
    }
    const base = type === 'await' ? this.#await() : this.#primary();
    if (!this.is('**')) return base;
    const sign = this.leaf('ArithOp');
    return this.around('BinaryExpression', [base, sign, this.deeper(() => this.#factor())]);
  }

  #await(): Growing {
    return this.around('AwaitExpression', [this.leaf('await'), this.#primary()]);
  }

  #primary(): Growing {
    let base = this.#atom();
    for (;;) {
      if (this.is('.')) {
        const dot = this.leaf('.');
        if (!this.is('name')) this.fail('invalid syntax');
        base = this.around('MemberExpression', [base, dot, this.leaf('PropertyName')]);
      } else if (this.is('('))
        base = this.around('CallExpression', [base, this.deeper(() => this.args(true))]);
      else if (this.is('[')) base = this.deeper(() => this.subscript(base));
      else return base;
    }
  }

  #lambda(): Growing {
    const word = this.leaf('lambda');
    const { from } = this;
    const list = this.parameters(':');
    const parts = [word, this.node('ParamList', from, Math.max(from, list.at(-1)?.to ?? 0), list)];
    parts.push(this.expect(':'), this.expression());
    return this.around('LambdaExpression', parts);
  }

  #atom(): Growing {
    switch (this.type) {
      case 'name':
        return this.leaf('VariableName');
      case 'number':
        return this.leaf('Number');
      case 'string':
      case 'fstart':
        return this.strings();
      case 'True':
      case 'False':
        return this.leaf('Boolean');
      case 'None':
        return this.leaf('None');
      case '...':
        return this.leaf('Ellipsis');
      case '(':
        return this.deeper(() => this.parenthesized());
      case '[':
        return this.deeper(() => this.array());
      case '{':
        return this.deeper(() => this.braces());
      default:
        return this.#noAtom();
    }
  }

  #noAtom(): never {
    if (this.is('indent')) this.fail('unexpected indent');
    if (this.is('dedent')) this.fail('unexpected unindent');
    if (this.is('end')) this.fail('unexpected EOF while parsing');
    return this.fail('invalid syntax');
  }
}
