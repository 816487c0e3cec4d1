import type { Growing } from './cursor.ts';
import { BITWISE_OR } from './expressions.ts';
import { Patterns } from './patterns.ts';

/** Reads statements that have blocks. */
export abstract class Compounds extends Patterns {
  protected abstract simple(): Growing;
  protected abstract statement(): Growing;
  protected abstract block(list: Growing[], read: () => Growing): void;

  protected compound(): Growing | null {
    switch (this.type) {
      case 'if':
        return this.#if();
      case 'while':
        return this.#while();
      case 'for':
        return this.#for([]);
      case 'try':
        return this.#try();
      case 'with':
        return this.#with([]);
      case 'def':
        return this.#function([]);
      case 'class':
        return this.#class();
      case '@':
        return this.#decorated();
      case 'async':
        return this.#async();
      case 'name':
        return this.#isMatch() ? this.#match() : null;
      default:
        return null;
    }
  }

  /** `: …` on the same line, or a block. */
  #body(what: string): Growing {
    if (!this.is(':'))
      this.fail(/^(?:newline|end)$/.test(this.type) ? "expected ':'" : 'invalid syntax');
    const parts = [this.leaf(':')];
    if (this.is('newline')) {
      this.at++;
      if (!this.is('indent')) this.fail(`expected an indented block after ${what}`);
      this.at++;
      this.block(parts, () => this.statement());
    } else parts.push(this.simple());
    return this.around('Body', parts);
  }

  #else(parts: Growing[], what: string): void {
    if (this.is('else')) parts.push(this.leaf('else'), this.#body(`'else' of ${what}`));
  }

  #if(): Growing {
    const parts = [this.leaf('if'), this.named(), this.#body("'if' statement")];
    while (this.is('elif'))
      parts.push(this.leaf('elif'), this.named(), this.#body("'elif' statement"));
    this.#else(parts, "'if' statement");
    return this.around('IfStatement', parts);
  }

  #while(): Growing {
    const parts = [this.leaf('while'), this.named(), this.#body("'while' statement")];
    this.#else(parts, "'while' statement");
    return this.around('WhileStatement', parts);
  }

  #for(parts: Growing[]): Growing {
    parts.push(this.leaf('for'));
    this.loopTargets(parts);
    const begun = parts.length;
    this.expressions(parts);
    const star = parts[begun];
    if (parts.some(({ type }, at) => at >= begun && type === '*') && star)
      this.since(9, 'Unpacking in the iterable of a for statement', star.from);
    parts.push(this.#body("'for' statement"));
    this.#else(parts, "'for' statement");
    return this.around('ForStatement', parts);
  }

  #try(): Growing {
    const parts = [this.leaf('try'), this.#body("'try' statement")];
    if (!this.is('except') && !this.is('finally'))
      this.fail("expected 'except' or 'finally' block");
    let group: boolean | null = null;
    while (this.is('except')) {
      const isGroup = this.next === '*';
      if (group !== null && group !== isGroup)
        this.fail("cannot have both 'except' and 'except*' on the same 'try'");
      group = isGroup;
      this.#except(parts);
    }
    if (group !== null) this.#else(parts, "'try' statement");
    if (this.is('finally')) parts.push(this.leaf('finally'), this.#body("'finally' statement"));
    return this.around('TryStatement', parts);
  }

  #except(parts: Growing[]): void {
    const { from } = this;
    parts.push(this.leaf('except'));
    if (this.is('*')) {
      parts.push(this.leaf('*'));
      this.since(11, 'except*', from);
      if (this.is(':')) this.fail('expected one or more exception types');
    }
    if (!this.is(':')) {
      parts.push(this.expression());
      if (this.is(',')) this.#exceptions(parts, from);
      if (this.is('as')) {
        parts.push(this.leaf('as'), this.name('invalid syntax'));
        if (!this.is(':')) this.fail('cannot use except statement with this target', parts.at(-1));
      }
    }
    parts.push(this.#body("'except' statement"));
  }

  /** More than one without brackets (PEP 758). */
  #exceptions(parts: Growing[], from: number): void {
    const first = parts.at(-1);
    while (this.is(',')) {
      parts.push(this.leaf(','));
      if (this.is(':')) break;
      parts.push(this.expression());
    }
    if (this.is('as'))
      this.fail("multiple exception types must be parenthesized when using 'as'", first);
    this.since(14, 'except with several exceptions and no brackets', from);
  }

  #with(parts: Growing[]): Growing {
    const { from } = this;
    parts.push(this.leaf('with'));
    if (this.#hasItemsInBrackets()) {
      parts.push(this.leaf('('));
      do {
        if (this.is(',')) parts.push(this.leaf(','));
        if (this.is(')')) break;
        this.#item(parts);
      } while (this.is(','));
      parts.push(this.expect(')'));
      this.since(9, 'with and several items in brackets', from);
    } else {
      this.#item(parts);
      while (this.is(',')) {
        parts.push(this.leaf(','));
        this.#item(parts);
      }
    }
    parts.push(this.#body("'with' statement"));
    return this.around('WithStatement', parts);
  }

  #item(parts: Growing[]): void {
    parts.push(this.expression());
    if (!this.is('as')) return;
    parts.push(this.leaf('as'));
    const begun = parts.length;
    this.starred(parts, () => this.binary(BITWISE_OR));
    this.checkTargets(parts.slice(begun), 'assign to');
  }

  /** `with (a as b, c):`, which no expression is. */
  #hasItemsInBrackets(): boolean {
    if (!this.is('(')) return false;
    const { types } = this.tokens;
    let [depth, at, named] = [0, this.at, false];
    for (; at < types.length; at++) {
      const type = types[at] as string;
      if (type === '(' || type === '[' || type === '{') depth++;
      else if (type === ')' || type === ']' || type === '}') depth--;
      else if (type === 'as' && depth === 1) named = true;
      if (depth === 0) break;
    }
    return named && types[at + 1] === ':';
  }

  #async(): Growing {
    const word = this.leaf('async');
    if (this.is('def')) return this.#function([word]);
    if (this.is('for')) return this.#for([word]);
    if (this.is('with')) return this.#with([word]);
    return this.fail('invalid syntax');
  }

  #decorated(): Growing {
    const parts: Growing[] = [];
    while (this.is('@')) parts.push(this.#decorator());
    if (this.is('class')) parts.push(this.#class());
    else if (this.is('def')) parts.push(this.#function([]));
    else if (this.is('async') && this.next === 'def')
      parts.push(this.#function([this.leaf('async')]));
    else this.fail('invalid syntax');
    return this.around('DecoratedStatement', parts);
  }

  /** A dotted name, called or not, as one child for each piece; what else it may be since PEP 614 as one. */
  #decorator(): Growing {
    const sign = this.leaf('At');
    const value = this.named();
    const pieces = piecesOf(value);
    if (pieces === null) this.since(9, 'A decorator of any expression', value.from);
    if (!this.is('newline')) this.fail('invalid syntax');
    const decorator = this.around('Decorator', [sign, ...(pieces ?? [value])]);
    this.at++;
    return decorator;
  }

  #function(parts: Growing[]): Growing {
    parts.push(this.leaf('def'), this.name('invalid syntax'));
    this.#typeParameters(parts);
    if (!this.is('(')) this.fail("expected '('");
    const opening = this.leaf('(');
    const list = this.parameters(')');
    parts.push(this.around('ParamList', [opening, ...list, this.expect(')', 'invalid syntax')]));
    if (this.is('->')) {
      const { from } = this;
      this.at++;
      const inner = [this.expression()];
      parts.push(this.spanning('TypeDef', from, inner));
    }
    parts.push(this.#body('function definition'));
    return this.around('FunctionDefinition', parts);
  }

  #class(): Growing {
    const parts = [this.leaf('class'), this.name('invalid syntax')];
    this.#typeParameters(parts);
    if (this.is('(')) parts.push(this.args(false));
    parts.push(this.#body('class definition'));
    return this.around('ClassDefinition', parts);
  }

  #typeParameters(parts: Growing[]): void {
    if (this.is('[')) parts.push(this.typeParameters());
  }

  protected typeParameters(): Growing {
    const { from } = this;
    const list = [this.leaf('[')];
    if (this.is(']')) this.fail('Type parameter list cannot be empty');
    while (!this.is(']')) {
      list.push(this.#typeParameter());
      if (!this.is(',')) break;
      list.push(this.leaf(','));
    }
    list.push(this.expect(']', 'invalid syntax'));
    this.since(12, 'A list of type parameters', from);
    return this.around('TypeParamList', list);
  }

  #typeParameter(): Growing {
    const star = this.is('*') || this.is('**') ? this.type : '';
    const parts = star ? [this.leaf(star)] : [];
    parts.push(this.name('invalid syntax'));
    if (this.is(':')) {
      if (star) this.fail(`cannot use bound with ${star === '*' ? 'TypeVarTuple' : 'ParamSpec'}`);
      const colon = this.leaf(':');
      parts.push(this.around('TypeDef', [colon, this.expression()]));
    }
    if (this.is('=')) {
      const { from } = this;
      parts.push(this.leaf('AssignOp'));
      if (star === '*') this.starred(parts, () => this.expression());
      else parts.push(this.expression());
      this.since(13, 'A default of a type parameter', from);
    }
    return this.around('TypeParam', parts);
  }

  /** `match` is a name everywhere but before a subject and a block. */
  #isMatch(): boolean {
    if (this.word !== 'match' || this.next === '=' || this.next === '.') return false;
    const { types } = this.tokens;
    const end = types.indexOf('newline', this.at);
    return types[end - 1] === ':' && end - 1 > this.at + 1;
  }

  #match(): Growing {
    const { from } = this;
    const parts = [this.leaf('match')];
    this.subject(parts);
    if (!this.is(':')) this.fail("expected ':'");
    const inner = [this.leaf(':')];
    if (!this.is('newline')) this.fail('invalid syntax');
    this.at++;
    if (!this.is('indent')) this.fail("expected an indented block after 'match' statement");
    this.at++;
    this.block(inner, () => this.#case());
    parts.push(this.around('MatchBody', inner));
    this.since(10, 'A match statement', from);
    return this.around('MatchStatement', parts);
  }

  #case(): Growing {
    if (!this.is('name') || this.word !== 'case') this.fail('invalid syntax');
    const parts = [this.leaf('case')];
    this.openPattern(parts);
    if (this.is('if')) {
      const word = this.leaf('if');
      parts.push(this.around('Guard', [word, this.named()]));
    }
    parts.push(this.#body("'case' statement"));
    return this.around('MatchClause', parts);
  }
}

function piecesOf(value: Growing): Growing[] | null {
  if (value.type === 'CallExpression') {
    const [callee, list] = value.children as [Growing, Growing];
    const pieces = callee.type === 'CallExpression' ? null : piecesOf(callee);
    return pieces && [...pieces, list];
  }
  if (value.type === 'VariableName') return [value];
  if (value.type !== 'MemberExpression' || value.children[1]?.type !== '.') return null;
  const [owner, dot, name] = value.children as [Growing, Growing, Growing];
  const pieces = owner.type === 'CallExpression' ? null : piecesOf(owner);
  return pieces && [...pieces, dot, name.as('VariableName')];
}
