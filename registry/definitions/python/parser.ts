/**
 * Python's grammar as of 3.14, by recursive descent over CPython's tokens. What it makes has the names
 * and the shape of `@lezer/python`'s tree, which the editor uses. A statement that cannot be read
 * becomes a node `⚠`, and reading goes on behind it.
 */

import { Compounds } from './compounds.ts';
import { Growing, MAX_DEPTH, TooDeep, Unreadable } from './cursor.ts';
import type { Fault, Feature } from './faults.ts';
import type { Node } from './node.ts';

export interface Parsed {
  readonly root: Node;
  /** Where CPython's tokenizer or parser stops; null for what both take. */
  readonly fault: Fault | null;
  /** What older versions of Python do not know. */
  readonly features: readonly Feature[];
}

/** @throws TooDeep */
export function parse(text: string): Parsed {
  return new Parser(text).module();
}

const AUGMENTED = new Set('+= -= *= /= //= %= @= &= |= ^= >>= <<= **='.split(' '));

class Parser extends Compounds {
  #fault: Fault | null = null;

  module(): Parsed {
    const children: Growing[] = [];
    while (!this.is('end')) {
      // Left over after a fault.
      if (this.is('dedent')) this.at++;
      else children.push(this.#readable(() => this.statement()));
    }
    const root = new Growing('Script', 0, this.text.length, children);
    settle(root);
    return { root, fault: this.#worst(), features: this.features };
  }

  /** The one that CPython names: the tokenizer's before the parser's, and a bracket that was open above. */
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

  /** Past a logical line and the block below it. */
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
    const isAnnotated =
      inner.type === 'VariableName' ||
      (inner.type === 'MemberExpression' && inner === target) ||
      inner.type === 'MemberExpression';
    if (parts.length > 1 || inner.type === 'TupleExpression')
      this.fail('only single target (not tuple) can be annotated', target);
    if (inner.type === 'ArrayExpression')
      this.fail('only single target (not list) can be annotated', target);
    if (!isAnnotated) this.fail('illegal target for annotation', target);
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

/** Tells every node its parent and its place there. */
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
