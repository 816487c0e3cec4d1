/** Reads arguments, subscripts and parameters (`arguments`, `slices`, `parameters` and `lambda_parameters` of Grammar/python.gram). */

import type { Growing } from './cursor.ts';
import { Displays } from './displays.ts';

export abstract class Calls extends Displays {
  /** Reads the arguments of a call, or those of a class statement, which may contain no generator. */
  protected args(isCall: boolean): Growing {
    const parts = [this.leaf('(')];
    let keyword: 'argument' | 'argument unpacking' | null = null;
    let unpacked = false;
    while (!this.is(')')) {
      const first = parts.length === 1;
      if (this.is('*')) {
        if (unpacked) this.fail('iterable argument unpacking follows keyword argument unpacking');
        parts.push(this.leaf('*'), this.expression());
      } else if (this.is('**')) {
        unpacked = true;
        keyword = 'argument unpacking';
        parts.push(this.leaf('**'), this.expression());
      } else if (this.next === '=' && /^(?:name|True|False|None)$/.test(this.type)) {
        keyword ??= 'argument';
        this.#keyword(parts);
      } else {
        this.#positional(parts, isCall && first);
        if (keyword !== null)
          this.fail(`positional argument follows keyword ${keyword}`, parts.at(-1));
      }
      if (!this.is(',')) break;
      parts.push(this.leaf(','));
    }
    parts.push(this.expect(')', 'invalid syntax. Perhaps you forgot a comma?'));
    return this.around('ArgList', parts);
  }

  #keyword(parts: Growing[]): void {
    if (!this.is('name')) this.fail(`cannot assign to ${this.type}`);
    parts.push(this.leaf('VariableName'), this.leaf('AssignOp'));
    if (!this.startsExpression()) this.fail('expected argument value expression');
    parts.push(this.expression());
    if (this.is('for') || this.is('async'))
      this.fail("invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
  }

  #positional(parts: Growing[], mayGenerate: boolean): void {
    const begun = parts.length;
    if (this.is('name') && this.next === ':=') parts.push(...this.assigned(8));
    else parts.push(this.expression());
    if (this.is('='))
      this.fail('expression cannot contain assignment, perhaps you meant "=="?', parts[begun]);
    if (this.is(':=')) this.fail('cannot use assignment expressions here', parts[begun]);
    if (!this.is('for') && !this.is('async')) return;
    this.loops(parts);
    if (!mayGenerate || this.is(','))
      this.fail('Generator expression must be parenthesized', parts[begun]);
  }

  protected assigned(minor: number): Growing[] {
    const from = this.from;
    const parts = [this.leaf('VariableName'), this.leaf('AssignOp'), this.expression()];
    this.since(minor, 'An assignment expression', from);
    return parts;
  }

  protected subscript(base: Growing): Growing {
    const parts = [base, this.leaf('[')];
    do {
      if (this.is('*')) {
        const from = this.from;
        parts.push(this.leaf('*'), this.expression());
        this.since(11, 'Unpacking in a subscript', from);
      } else this.#slice(parts);
      if (!this.is(',')) break;
      parts.push(this.leaf(','));
    } while (!this.is(']'));
    parts.push(this.expect(']', 'invalid syntax. Perhaps you forgot a comma?'));
    return this.around('MemberExpression', parts);
  }

  #slice(parts: Growing[]): void {
    const begun = parts.length;
    if (!this.is(':')) parts.push(this.named(10));
    if (!this.is(':')) return;
    if (parts[begun]?.type === 'NamedExpression') this.fail('invalid syntax');
    for (let colons = 0; colons < 2 && this.is(':'); colons++) {
      parts.push(this.leaf(':'));
      if (this.startsExpression()) parts.push(this.expression());
    }
  }

  /** Reads parameters up to `closing`. The parameters of a lambda have no annotations. */
  protected parameters(closing: ')' | ':'): Growing[] {
    const parts: Growing[] = [];
    let [named, defaults, star, slash] = [0, false, '', false];
    while (!this.is(closing)) {
      const { type } = this;
      if (type === '/') {
        if (slash) this.fail('/ may appear only once');
        if (star) this.fail('/ must be ahead of *');
        if (named === 0) this.fail('at least one parameter must precede /');
        slash = true;
        this.since(8, 'A positional-only parameter', this.from);
        this.at++;
      } else if (star === '**') this.fail('parameters cannot follow var-keyword parameter');
      else if (type === '*' || type === '**') {
        if (type === '*' && star) this.fail('* may appear only once');
        star = type;
        parts.push(this.leaf(type));
        if (type === '*' && this.is(',')) {
          if (this.next !== 'name') this.fail('named parameters must follow bare *');
        } else this.#parameter(parts, closing, type);
      } else {
        named++;
        const hasDefault = this.#parameter(parts, closing, '');
        if (star === '' && defaults && !hasDefault)
          this.fail('parameter without a default follows parameter with a default', parts.at(-1));
        defaults ||= hasDefault;
      }
      if (!this.is(',')) break;
      parts.push(this.leaf(','));
    }
    return parts;
  }

  /** Reads one parameter. Returns whether the parameter has a default. */
  #parameter(parts: Growing[], closing: string, star: string): boolean {
    if (this.is('(')) this.fail('parameters cannot be parenthesized');
    parts.push(this.name('invalid syntax'));
    if (closing === ')' && this.is(':')) {
      const inner = [this.leaf(':')];
      if (star === '*' && this.is('*')) this.since(11, 'Unpacking in an annotation', this.from);
      if (star === '*') this.starred(inner, () => this.expression());
      else inner.push(this.expression());
      parts.push(this.around('TypeDef', inner));
    }
    if (!this.is('=')) return false;
    if (star) this.fail('a parameter with * or ** cannot have a default value');
    parts.push(this.leaf('AssignOp'), this.expression());
    return true;
  }
}
