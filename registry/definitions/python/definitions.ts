/**
 * Reads functions, classes and decorators: `function_def`, `class_def`, `decorators`, `type_params` of
 * Grammar/python.gram.
 */

import type { Growing } from './cursor.ts';
import { Patterns } from './patterns.ts';

export abstract class Definitions extends Patterns {
  protected abstract simple(): Growing;
  protected abstract statement(): Growing;
  protected abstract block(list: Growing[], read: () => Growing): void;

  /** Reads a colon, then statements on the same line or a block. */
  protected body(what: string): Growing {
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

  protected decorated(): Growing {
    const parts: Growing[] = [];
    while (this.is('@')) parts.push(this.#decorator());
    if (this.is('class')) parts.push(this.class());
    else if (this.is('def')) parts.push(this.function([]));
    else if (this.is('async') && this.next === 'def')
      parts.push(this.function([this.leaf('async')]));
    else this.fail('invalid syntax');
    return this.around('DecoratedStatement', parts);
  }

  /**
   * Reads a decorator. A dotted name, called or not, gives one child per token; any other expression (PEP 614) gives
   * one child.
   */
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

  protected function(parts: Growing[]): Growing {
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
    parts.push(this.body('function definition'));
    return this.around('FunctionDefinition', parts);
  }

  protected class(): Growing {
    const parts = [this.leaf('class'), this.name('invalid syntax')];
    this.#typeParameters(parts);
    if (this.is('(')) parts.push(this.args(false));
    parts.push(this.body('class definition'));
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
