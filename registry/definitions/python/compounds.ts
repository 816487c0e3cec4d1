/** Reads statements that contain blocks: `compound_stmt` of Grammar/python.gram. */

import type { Growing } from './cursor.ts';
import { Definitions } from './definitions.ts';
import { BITWISE_OR } from './operators.ts';

export abstract class Compounds extends Definitions {
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
        return this.function([]);
      case 'class':
        return this.class();
      case '@':
        return this.decorated();
      case 'async':
        return this.#async();
      case 'name':
        return this.#isMatch() ? this.#match() : null;
      default:
        return null;
    }
  }

  #else(parts: Growing[], what: string): void {
    if (this.is('else')) parts.push(this.leaf('else'), this.body(`'else' of ${what}`));
  }

  #if(): Growing {
    const parts = [this.leaf('if'), this.named(), this.body("'if' statement")];
    while (this.is('elif'))
      parts.push(this.leaf('elif'), this.named(), this.body("'elif' statement"));
    this.#else(parts, "'if' statement");
    return this.around('IfStatement', parts);
  }

  #while(): Growing {
    const parts = [this.leaf('while'), this.named(), this.body("'while' statement")];
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
    parts.push(this.body("'for' statement"));
    this.#else(parts, "'for' statement");
    return this.around('ForStatement', parts);
  }

  #try(): Growing {
    const parts = [this.leaf('try'), this.body("'try' statement")];
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
    if (this.is('finally')) parts.push(this.leaf('finally'), this.body("'finally' statement"));
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
    parts.push(this.body("'except' statement"));
  }

  /** Reads several exception types without brackets (PEP 758). */
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
    parts.push(this.body("'with' statement"));
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

  /** Whether this is `with (a as b, c):`, where the brackets are not an expression. */
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
    if (this.is('def')) return this.function([word]);
    if (this.is('for')) return this.#for([word]);
    if (this.is('with')) return this.#with([word]);
    return this.fail('invalid syntax');
  }

  /** Whether `match` is a keyword here: it is a keyword only before a subject and a block. */
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
    parts.push(this.body("'case' statement"));
    return this.around('MatchClause', parts);
  }
}
