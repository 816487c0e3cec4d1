/** Reads simple statements, which contain no blocks: `simple_stmts` and `simple_stmt` of Grammar/python.gram. */

import { Compounds } from './compounds.ts';
import type { Growing } from './cursor.ts';

const AUGMENTED = new Set('+= -= *= /= //= %= @= &= |= ^= >>= <<= **='.split(' '));

export abstract class Simples extends Compounds {
  protected override simple(): Growing {
    const first = this.#small();
    if (!this.is(';')) return this.#ended(first);
    const parts = [first];
    while (this.is(';')) {
      parts.push(this.leaf(';'));
      if (this.is('newline')) break;
      parts.push(this.#small());
    }
    return this.#ended(this.around('StatementGroup', parts));
  }

  #ended(node: Growing): Growing {
    if (!this.is('newline')) this.fail('invalid syntax');
    this.at++;
    return node;
  }

  #small(): Growing {
    switch (this.type) {
      case 'pass':
        return this.around('PassStatement', [this.leaf('pass')]);
      case 'break':
        return this.around('BreakStatement', [this.leaf('break')]);
      case 'continue':
        return this.around('ContinueStatement', [this.leaf('continue')]);
      case 'import':
        return this.#import();
      case 'from':
        return this.#from();
      case 'return':
        return this.#return();
      case 'raise':
        return this.#raise();
      case 'del':
        return this.#delete();
      case 'assert':
        return this.#assert();
      case 'global':
      case 'nonlocal':
        return this.#scope();
      case 'yield': {
        const parts: Growing[] = [];
        this.yielded(parts);
        if (this.is('=')) this.fail('assignment to yield expression not possible', parts[0]);
        return this.around('YieldStatement', parts);
      }
      default:
        if (this.is('name') && this.next === 'name' && this.word === 'type') return this.#alias();
        return this.#assignment();
    }
  }

  #dotted(parts: Growing[]): void {
    parts.push(this.name('invalid syntax'));
    while (this.is('.')) parts.push(this.leaf('.'), this.name('invalid syntax'));
  }

  #as(parts: Growing[]): void {
    if (!this.is('as')) return;
    parts.push(this.leaf('as'), this.name('cannot use this as an import target'));
    if (/^[.([]$/.test(this.type)) this.fail('cannot use this as an import target', parts.at(-1));
  }

  #import(): Growing {
    const parts = [this.leaf('import')];
    for (;;) {
      this.#dotted(parts);
      this.#as(parts);
      if (!this.is(',')) break;
      parts.push(this.leaf(','));
    }
    return this.around('ImportStatement', parts);
  }

  #from(): Growing {
    const parts = [this.leaf('from')];
    while (this.is('.') || this.is('...')) parts.push(this.leaf(this.is('.') ? '.' : 'Ellipsis'));
    if (!this.is('import') || parts.length === 1) this.#dotted(parts);
    parts.push(this.expect('import', 'invalid syntax'));
    if (this.is('*')) parts.push(this.leaf('*'));
    else {
      const bracketed = this.is('(');
      if (bracketed) parts.push(this.leaf('('));
      if (this.is('newline')) this.fail("Expected one or more names after 'import'");
      for (;;) {
        parts.push(this.name('invalid syntax'));
        this.#as(parts);
        if (!this.is(',')) break;
        parts.push(this.leaf(','));
        if (bracketed && this.is(')')) break;
        if (this.is('newline'))
          this.fail('trailing comma not allowed without surrounding parentheses');
      }
      if (bracketed) parts.push(this.expect(')', 'invalid syntax'));
    }
    return this.around('ImportStatement', parts);
  }

  #return(): Growing {
    const parts = [this.leaf('return')];
    if (this.startsExpression() || this.is('*')) this.expressions(parts);
    const starred = parts.find(({ type }) => type === '*');
    if (starred) this.since(8, 'Unpacking in return without brackets', starred.from);
    return this.around('ReturnStatement', parts);
  }

  #raise(): Growing {
    const parts = [this.leaf('raise')];
    if (this.startsExpression()) {
      parts.push(this.expression());
      if (this.is('from')) parts.push(this.leaf('from'), this.expression());
    }
    return this.around('RaiseStatement', parts);
  }

  #delete(): Growing {
    const parts = [this.leaf('del')];
    this.expressions(parts);
    this.checkTargets(parts.slice(1), 'delete');
    return this.around('DeleteStatement', parts);
  }

  #assert(): Growing {
    const parts = [this.leaf('assert'), this.expression()];
    if (this.is(',')) parts.push(this.leaf(','), this.expression());
    return this.around('AssertStatement', parts);
  }

  #scope(): Growing {
    const parts = [this.leaf(this.type)];
    do {
      if (this.is(',')) parts.push(this.leaf(','));
      parts.push(this.name('invalid syntax'));
    } while (this.is(','));
    return this.around('ScopeStatement', parts);
  }

  #alias(): Growing {
    const { from } = this;
    const parts = [this.leaf('type'), this.name()];
    if (this.is('[')) parts.push(this.typeParameters());
    this.expect('=', 'invalid syntax');
    parts.push(this.expression());
    this.since(12, 'A type statement', from);
    return this.around('TypeDefinition', parts);
  }

  #assignment(): Growing {
    const parts: Growing[] = [];
    this.expressions(parts);
    const { type } = this;
    if (type === ':') return this.#annotated(parts);
    if (AUGMENTED.has(type)) return this.#augmented(parts);
    if (type !== '=') return this.around('ExpressionStatement', parts);
    let begun = 0;
    while (this.is('=')) {
      const side = parts.slice(begun);
      if (side[0]?.type === 'YieldExpression')
        this.fail('assignment to yield expression not possible', side[0]);
      this.checkTargets(side, 'assign to');
      if (side.length === 2 && side[0]?.type === '*' && side[1]?.type === 'ParenthesizedExpression')
        this.checkTargets(side, 'assign to');
      parts.push(this.leaf('AssignOp'));
      begun = parts.length;
      this.assignedValue(parts);
    }
    return this.around('AssignStatement', parts);
  }

  #annotated(parts: Growing[]): Growing {
    const [target] = parts as [Growing];
    let inner: Growing = target;
    while (inner.type === 'ParenthesizedExpression') inner = inner.children[1] as Growing;
    if (parts.length > 1 || inner.type === 'TupleExpression')
      this.fail('only single target (not tuple) can be annotated', target);
    if (inner.type === 'ArrayExpression')
      this.fail('only single target (not list) can be annotated', target);
    if (inner.type !== 'VariableName' && inner.type !== 'MemberExpression')
      this.fail('illegal target for annotation', target);
    const colon = this.leaf(':');
    parts.push(this.around('TypeDef', [colon, this.expression()]));
    if (this.is('=')) {
      parts.push(this.leaf('AssignOp'));
      const begun = parts.length;
      this.assignedValue(parts);
      const starred = parts.find(({ type }, at) => at >= begun && type === '*');
      if (starred)
        this.since(8, 'Unpacking without brackets in an annotated assignment', starred.from);
    }
    return this.around('AssignStatement', parts);
  }

  #augmented(parts: Growing[]): Growing {
    let inner = parts[0] as Growing;
    while (inner.type === 'ParenthesizedExpression') inner = inner.children[1] as Growing;
    if (parts.length > 1 || (inner.type !== 'VariableName' && inner.type !== 'MemberExpression'))
      this.fail('illegal expression for augmented assignment', parts[0]);
    parts.push(this.leaf('UpdateOp'));
    this.assignedValue(parts);
    return this.around('UpdateStatement', parts);
  }
}
