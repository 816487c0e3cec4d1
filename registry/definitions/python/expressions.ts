import type { Growing } from './cursor.ts';
import type { Node } from './node.ts';
import { Strings } from './strings.ts';
import { targetFault } from './targets.ts';

/** How tightly binary operators bind; `not` is 3, comparison 4. */
const LEVELS: Record<string, number> = {
  or: 1,
  and: 2,
  ...Object.fromEntries(
    ['<', '>', '==', '>=', '<=', '!=', 'in', 'not', 'is'].map((sign) => [sign, 4]),
  ),
  '|': 5,
  '^': 6,
  '&': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  ...Object.fromEntries(['*', '@', '/', '%', '//'].map((sign) => [sign, 10])),
};
const NOT = 3;
const COMPARISON = 4;
export const BITWISE_OR = 5;
const STARTS = new Set(
  'name number string fstart ( [ { - + ~ not lambda await None True False ...'.split(' '),
);

/** Reads expressions. The shape of the nodes is that of `@lezer/python`, which the editor uses. */
export class Expressions extends Strings {
  protected startsExpression(): boolean {
    return STARTS.has(this.type);
  }

  /** CPython's `expression`: everything but `:=`, `*a` and `yield`. */
  protected expression(): Growing {
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

  /** `name := value` or an expression. */
  protected named(minor = 8): Growing {
    if (this.is('name') && this.next === ':=')
      return this.around('NamedExpression', this.#assigned(minor));
    const value = this.expression();
    if (this.is(':=')) this.fail('cannot use assignment expressions here', value);
    return value;
  }

  #assigned(minor: number): Growing[] {
    const from = this.from;
    const parts = [this.leaf('VariableName'), this.leaf('AssignOp'), this.expression()];
    this.since(minor, 'An assignment expression', from);
    return parts;
  }

  /** Onto `list`: `*a` as two nodes, or what `read` reads. */
  protected starred(list: Growing[], read: () => Growing): void {
    if (this.is('*')) list.push(this.leaf('*'), this.binary(BITWISE_OR));
    else list.push(read());
  }

  /** CPython's `star_expressions` onto `list`, commas included. */
  protected expressions(list: Growing[]): void {
    for (;;) {
      this.starred(list, () => this.expression());
      if (!this.is(',')) return;
      list.push(this.leaf(','));
      if (!this.startsExpression() && !this.is('*')) return;
    }
  }

  protected yielded(list: Growing[]): void {
    list.push(this.leaf('yield'));
    if (this.is('from')) list.push(this.leaf('from'), this.expression());
    else if (this.startsExpression() || this.is('*')) this.expressions(list);
  }

  /** What stands right of `=`. */
  protected override assignedValue(list: Growing[]): void {
    if (!this.is('yield')) {
      this.expressions(list);
      return;
    }
    const parts: Growing[] = [];
    this.yielded(parts);
    list.push(this.around('YieldExpression', parts));
  }

  /** Targets of `for`, up to `in`. */
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

  protected checkTargets(nodes: readonly Node[], what: 'assign to' | 'delete'): void {
    const fault = targetFault(nodes, what, this.text);
    if (fault) this.fail(fault.message, fault.node);
  }

  /** Operators that bind at least as tightly as `least`. */
  protected binary(least: number): Growing {
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
      else if (this.is('[')) base = this.deeper(() => this.#subscript(base));
      else return base;
    }
  }

  #subscript(base: Growing): Growing {
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

  /** The arguments of a call or, without generators, of a class statement. */
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
    if (this.is('name') && this.next === ':=') parts.push(...this.#assigned(8));
    else parts.push(this.expression());
    if (this.is('='))
      this.fail('expression cannot contain assignment, perhaps you meant "=="?', parts[begun]);
    if (this.is(':=')) this.fail('cannot use assignment expressions here', parts[begun]);
    if (!this.is('for') && !this.is('async')) return;
    this.loops(parts);
    if (!mayGenerate || this.is(','))
      this.fail('Generator expression must be parenthesized', parts[begun]);
  }

  /** The `for` and `if` of a comprehension. */
  protected loops(parts: Growing[]): void {
    do {
      if (this.is('async')) parts.push(this.leaf('async'));
      parts.push(this.expect('for'));
      this.loopTargets(parts);
      parts.push(this.binary(1));
      while (this.is('if')) parts.push(this.leaf('if'), this.binary(1));
    } while (this.is('for') || this.is('async'));
  }

  #lambda(): Growing {
    const word = this.leaf('lambda');
    const { from } = this;
    const list = this.parameters(':');
    const parts = [word, this.node('ParamList', from, Math.max(from, list.at(-1)?.to ?? 0), list)];
    parts.push(this.expect(':'), this.expression());
    return this.around('LambdaExpression', parts);
  }

  /** Up to `closing`; a lambda's have no annotations. */
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

  /** Whether it has a default value. */
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
        return this.deeper(() => this.#parenthesized());
      case '[':
        return this.deeper(() => this.#array());
      case '{':
        return this.deeper(() => this.#braces());
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

  #element(list: Growing[], minor = 8): void {
    this.starred(list, () => this.named(minor));
  }

  #parenthesized(): Growing {
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

  #array(): Growing {
    const parts = [this.leaf('[')];
    if (this.is(']')) return this.around('ArrayExpression', [...parts, this.leaf(']')]);
    this.#element(parts);
    if (this.#isLoop(parts)) return this.#generated(parts, ']', 'ArrayComprehensionExpression');
    return this.around('ArrayExpression', this.#rest(parts, ']'));
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

  #braces(): Growing {
    const parts = [this.leaf('{')];
    if (this.is('}')) return this.around('DictionaryExpression', [...parts, this.leaf('}')]);
    if (this.is('**')) return this.#dictionary(parts);
    this.#element(parts, 10);
    if (this.is(':') && parts[1]?.type !== '*' && parts[1]?.type !== 'NamedExpression')
      return this.#dictionary(parts);
    if (this.#isLoop(parts)) return this.#generated(parts, '}', 'SetComprehensionExpression');
    return this.around('SetExpression', this.#rest(parts, '}'));
  }

  /** Behind `{` or the first key. */
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
}
